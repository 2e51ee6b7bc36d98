"""What MVLPT states. Shen et al., WACV 2024, arXiv:2211.11720."""

# ruff: noqa: I001
# fmt: off
from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import approximately, each, pair
from reprompt.claims.terms import (
    TWELVE, TWENTY, acc, average_transfer, gain_of_the_best, mean, parameter_share, partners, range_over, transfer,
    win_share,
)

coop, vpt, upt, mcoop, mvpt, mupt = methods("coop", "vpt", "upt", "mcoop", "mvpt", "mupt")

# Three runs of 200 epochs each, 16 tokens (UPT 4). Starts in Table 1 are from 11 source tasks, for 12 target tasks.
elevater = claims_in("mvlpt", "few_shot_elevater", backbone="ViT-B/16", shots=20, M=16)
cross_task = claims_in("mvlpt", "cross_task", backbone="ViT-B/16", M=16)
analysis = claims_in("mvlpt", "analysis")  # of source prompts tuned with 20 shots; of ViT-B/16, 124M parameters

# Where a prompt starts, and how it is adapted.
ALONE = {"shots": 20, "init": "random", "adapt": "single"}
ONLY_STARTED, ONLY_GROUPED = ALONE | {"init": "multitask_20"}, ALONE | {"adapt": "multitask_best"}
BOTH_STAGES, WORST_GROUPS = ONLY_STARTED | {"adapt": "multitask_best"}, ONLY_STARTED | {"adapt": "multitask_worst"}

THREE_SHOTS = each(1, 5, 20)
EVERY_LEARNER, EVERY_MULTITASK = each(coop, vpt, upt), each(mcoop, mvpt, mupt)
EVERY_BACKBONE = each("ViT-B/32", "ViT-B/16", "ViT-L/14")

# A claim: its id and the paper's words; what they mean; where they stand, and what difference the paper prints.
CLAIMS = (
    elevater("mvlpt-01", "20-shot ELEVATER: full mcoop (multitask init and adaptation) beats coop by 0.72",
        mean(mcoop, TWENTY, **BOTH_STAGES) > mean(coop, TWENTY, **ALONE), "Sec 1, Table 2", prints=0.72),
    elevater("mvlpt-02", "20-shot ELEVATER: full mvpt (multitask init and adaptation) beats vpt by 1.73",
        mean(mvpt, TWENTY, **BOTH_STAGES) > mean(vpt, TWENTY, **ALONE), "Sec 1, Table 2", prints=1.73),
    elevater("mvlpt-03", "20-shot ELEVATER: full mupt (multitask init and adaptation) beats upt by 0.99",
        mean(mupt, TWENTY, **BOTH_STAGES) > mean(upt, TWENTY, **ALONE), "Sec 1, Table 2", prints=0.99),
    cross_task("mvlpt-04", "Cross-task generalization, 20 shots: mcoop beats coop by 1.73",
        mean(mcoop, TWELVE, shots=20, init="multitask_11") > mean(coop, TWELVE, shots=20, init="random"),
        "Sec 1, Table 1a", prints=1.73),
    cross_task("mvlpt-05", "Cross-task generalization, 20 shots: mvpt beats vpt by 4.75",
        mean(mvpt, TWELVE, shots=20, init="multitask_11") > mean(vpt, TWELVE, shots=20, init="random"),
        "Sec 1, Table 1a", prints=4.75),
    cross_task("mvlpt-06", "Cross-task generalization, 20 shots: mupt beats upt by 4.53",
        mean(mupt, TWELVE, shots=20, init="multitask_11") > mean(upt, TWELVE, shots=20, init="random"),
        "Sec 1, Table 1a", prints=4.53),
    cross_task("mvlpt-07", "Cross-task: mcoop beats coop on the 12-task average at 1, 5 and 20 shots",
        mean(mcoop, TWELVE, shots=THREE_SHOTS, init="multitask_11")
        > mean(coop, TWELVE, shots=THREE_SHOTS, init="random"), "Sec 4.1, Table 1a"),
    cross_task("mvlpt-08", "Cross-task: mvpt beats vpt on the 12-task average at 1, 5 and 20 shots",
        mean(mvpt, TWELVE, shots=THREE_SHOTS, init="multitask_11")
        > mean(vpt, TWELVE, shots=THREE_SHOTS, init="random"), "Sec 4.1, Table 1a"),
    cross_task("mvlpt-09", "Cross-task: mupt beats upt on the 12-task average at 1, 5 and 20 shots",
        mean(mupt, TWELVE, shots=THREE_SHOTS, init="multitask_11")
        > mean(upt, TWELVE, shots=THREE_SHOTS, init="random"), "Sec 4.1, Table 1a"),
    cross_task("mvlpt-10", "Cross-task: the multitask variants outperform their baselines in most of the task-by-shot "
        "cells",
        win_share(pair(mcoop, mvpt, mupt), over=pair(coop, vpt, upt), on=TWELVE, shots=(1, 5, 20)) > 0.5,
        "Sec 4.1, Table 1b-l"),
    elevater("mvlpt-11", "Multitask adaptation alone (random init) lifts coop by 0.86 on the 20-task average",
        mean(mcoop, TWENTY, **ONLY_GROUPED) > mean(coop, TWENTY, **ALONE), "Sec 4.2, Table 2", prints=0.86),
    elevater("mvlpt-12", "Multitask adaptation alone (random init) lifts vpt by 0.75 on the 20-task average",
        mean(mvpt, TWENTY, **ONLY_GROUPED) > mean(vpt, TWENTY, **ALONE), "Sec 4.2, Table 2", prints=0.75),
    elevater("mvlpt-13", "Multitask adaptation alone (random init) lifts upt by 0.81 on the 20-task average",
        mean(mupt, TWENTY, **ONLY_GROUPED) > mean(upt, TWENTY, **ALONE), "Sec 4.2, Table 2", prints=0.81),
    elevater("mvlpt-14", "Using the 20 tasks as source tasks further improves mvpt",
        mean(mvpt, TWENTY, **BOTH_STAGES) > mean(mvpt, TWENTY, **ONLY_GROUPED),
        "Sec 4.2; margin computed from Table 2", prints=1.06),
    elevater("mvlpt-15", "Using the 20 tasks as source tasks further improves mupt",
        mean(mupt, TWENTY, **BOTH_STAGES) > mean(mupt, TWENTY, **ONLY_GROUPED),
        "Sec 4.2; margin computed from Table 2", prints=0.18),
    elevater("mvlpt-16", "For MCoOp multitask initialization does not help on average",
        mean(mcoop, TWENTY, **BOTH_STAGES) < mean(mcoop, TWENTY, **ONLY_GROUPED),
        "Sec 4.2; margin computed from Table 2", prints=0.14),
    elevater("mvlpt-17", "For MCoOp multitask initialization hurts KITTI Distance",
        acc(mcoop, "kitti_distance", **BOTH_STAGES) < acc(mcoop, "kitti_distance", **ONLY_GROUPED),
        "Sec 4.2; margin computed from Table 2", prints=9.14),
    elevater("mvlpt-18", "MVPT reaches the best 20-shot average (74.13) among all methods compared",
        mean(mvpt, TWENTY, **BOTH_STAGES) > mean(EVERY_LEARNER, TWENTY, **ALONE), "Sec 4.2, Table 2"),
    elevater("mvlpt-19", "MVPT beats the best single-task baseline (UPT) by 1.73 on the 20-task average",
        mean(mvpt, TWENTY, **BOTH_STAGES) > mean(upt, TWENTY, **ALONE), "Table 2 last row", prints=1.73),
    elevater("mvlpt-20", "MVPT beats the earlier 20-shot ELEVATER state of the art of 64.41",
        mean(mvpt, TWENTY, **BOTH_STAGES) > 64.41, "Sec 4.2", prints=9.72),
    elevater("mvlpt-21", "Some tasks, such as FGVCAircraft, gain nothing from multitask adaptation with random init",
        acc(pair(mcoop, mvpt, mupt), "fgvc_aircraft", **ONLY_GROUPED)
        == acc(pair(coop, vpt, upt), "fgvc_aircraft", **ALONE), "Sec 4.2, Table 2"),
    elevater("mvlpt-22", "On every one of the 20 tasks the best multitask variant is at least as good as the best "
        "baseline",
        gain_of_the_best(each(TWENTY)) >= 0, "Table 2 last row"),
    cross_task("mvlpt-23", "MCoOp helps on Resisc-45, where class names are most distinct",
        acc(mcoop, "resisc45", shots=20, init="multitask_11") > acc(coop, "resisc45", shots=20, init="random"),
        "Sec 4.1; margin computed from Table 1e", prints=0.87),
    cross_task("mvlpt-24", "MVPT and MUPT help on VOC 2007, where images are most separable",
        acc(pair(mvpt, mupt), "voc2007", shots=20, init="multitask_11")
        > acc(pair(vpt, upt), "voc2007", shots=20, init="random"), "Sec 4.1, Table 1g"),
    cross_task("mvlpt-25", "At 1 shot multitask initialization does not help on Country-211",
        acc(pair(mcoop, mvpt, mupt), "country211", shots=1, init="multitask_11")
        < acc(pair(coop, vpt, upt), "country211", shots=1, init="random"), "Sec 4.1, Table 1f"),
    elevater("mvlpt-26", "Grouping the best-transfer tasks beats grouping the worst-transfer tasks for mcoop",
        mean(mcoop, TWENTY, **BOTH_STAGES) > mean(mcoop, TWENTY, **WORST_GROUPS),
        "Sec 4.3; margin computed from Table 3", prints=2.26),
    elevater("mvlpt-27", "Grouping the best-transfer tasks beats grouping the worst-transfer tasks for mvpt",
        mean(mvpt, TWENTY, **BOTH_STAGES) > mean(mvpt, TWENTY, **WORST_GROUPS),
        "Sec 4.3; margin computed from Table 3", prints=2.32),
    elevater("mvlpt-28", "Grouping the best-transfer tasks beats grouping the worst-transfer tasks for mupt",
        mean(mupt, TWENTY, **BOTH_STAGES) > mean(mupt, TWENTY, **WORST_GROUPS),
        "Sec 4.3; margin computed from Table 3", prints=3.45),
    elevater("mvlpt-29", "Best-group multitask adaptation beats single-task adaptation",
        mean(EVERY_MULTITASK, TWENTY, **BOTH_STAGES) > mean(EVERY_MULTITASK, TWENTY, **ONLY_STARTED),
        "Sec 4.3, Table 3"),
    elevater("mvlpt-30", "Worst-group multitask adaptation is worse than single-task adaptation",
        mean(EVERY_MULTITASK, TWENTY, **WORST_GROUPS) < mean(EVERY_MULTITASK, TWENTY, **ONLY_STARTED),
        "Sec 4.3, Table 3"),
    cross_task("mvlpt-31", "Initializing from 10 diverse source tasks beats initializing from ImageNet alone (mcoop)",
        mean(mcoop, TWELVE, shots=20, init="multitask_10") > mean(coop, TWELVE, shots=20, init="imagenet"),
        "Sec 5; margin computed from Table 4", prints=0.15),
    cross_task("mvlpt-32", "Initializing from 10 diverse source tasks beats initializing from ImageNet alone (mvpt)",
        mean(mvpt, TWELVE, shots=20, init="multitask_10") > mean(vpt, TWELVE, shots=20, init="imagenet"),
        "Sec 5; margin computed from Table 4", prints=1.51),
    cross_task("mvlpt-33", "Initializing from 10 diverse source tasks beats initializing from ImageNet alone (mupt)",
        mean(mupt, TWELVE, shots=20, init="multitask_10") > mean(upt, TWELVE, shots=20, init="imagenet"),
        "Sec 5; margin computed from Table 4", prints=2.63),
    cross_task("mvlpt-34", "The gain of 10 tasks over ImageNet is larger for MVPT and MUPT than for MCoOp",
        mean(pair(mvpt, mupt), TWELVE, shots=20, init="multitask_10")
        - mean(pair(vpt, upt), TWELVE, shots=20, init="imagenet")
        > mean(mcoop, TWELVE, shots=20, init="multitask_10") - mean(coop, TWELVE, shots=20, init="imagenet"),
        "Sec 5, Table 4"),
    cross_task("mvlpt-35", "Eleven source tasks (10 plus ImageNet) give the best initialization",
        mean(EVERY_MULTITASK, TWELVE, shots=20, init="multitask_11")
        > mean(EVERY_MULTITASK, TWELVE, shots=20, init="multitask_10"), "Sec 5, Table 4"),
    cross_task("mvlpt-36", "ImageNet alone is a strong source: it beats random initialization",
        mean(EVERY_LEARNER, TWELVE, shots=20, init="imagenet") > mean(EVERY_LEARNER, TWELVE, shots=20, init="random"),
        "Sec 5, Tables 1a and 4 (wording: strong source task)"),
    cross_task("mvlpt-37", "Longer context helps MVPT and MCoOp",
        mean(each(mvpt, mcoop), TWELVE, shots=20).increases_with(M=(4, 8, 16)), "Sec 5, Fig 5"),
    cross_task("mvlpt-38", "Context length makes only a marginal difference for CoOp, VPT and UPT",
        range_over(mean(EVERY_LEARNER, TWELVE, shots=20), "M")
        < range_over(mean(each(mvpt, mcoop), TWELVE, shots=20), "M"), "Sec 5, Fig 5"),
    cross_task("mvlpt-39", "Longer context hurts MUPT",
        mean(mupt, TWELVE, shots=20).decreases_with(M=(4, 8, 16)), "Sec 5, Fig 5"),
    cross_task("mvlpt-40", "A context of 4 is better than 16 for UPT",
        mean(upt, TWELVE, shots=20, M=4) > mean(upt, TWELVE, shots=20, M=16), "Sec 4 training details"),
    cross_task("mvlpt-41", "The multitask variants beat CoOp and VPT with ViT-B/32, ViT-B/16 and ViT-L/14",
        mean(EVERY_MULTITASK, TWELVE, shots=20, backbone=EVERY_BACKBONE)
        > mean(each(coop, vpt), TWELVE, shots=20, backbone=EVERY_BACKBONE), "Fig 1, Sec 5"),
    cross_task("mvlpt-42", "Accuracy of the multitask variants rises with model size",
        mean(EVERY_MULTITASK, TWELVE, shots=20).increases_with(backbone=("ViT-B/32", "ViT-B/16", "ViT-L/14")),
        "Fig 1, Sec 5"),
    analysis("mvlpt-43", "With CoOp, tasks with similar class names (CIFAR-10, Caltech101) transfer better than the "
        "average source",
        transfer(coop, "cifar10", "caltech101") > average_transfer(coop, target="caltech101"), "Sec 4.3, Fig 4"),
    analysis("mvlpt-44", "With VPT and UPT, tasks with a similar image space (CIFAR-10, Flowers102) transfer better "
        "than the average source",
        transfer(each(vpt, upt), "cifar10", "flowers102") > average_transfer(each(vpt, upt), target="flowers102"),
        "Sec 4.3, Fig 4"),
    analysis("mvlpt-45", "The three methods prefer different task groups",
        partners(coop).differs_from(partners(each(vpt, upt))), "Abstract, Table 5"),
    analysis("mvlpt-46", "The prompts of CoOp and MCoOp are 0.01% of the parameters of ViT-B/16 CLIP",
        parameter_share(coop) == approximately(0.01), "Sec 4 training details"),
    analysis("mvlpt-47", "The prompts of VPT and MVPT are 0.11% of the parameters of ViT-B/16 CLIP",
        parameter_share(vpt) == approximately(0.11), "Sec 4 training details"),
    analysis("mvlpt-48", "The prompts of UPT and MUPT are 0.45% of the parameters of ViT-B/16 CLIP",
        parameter_share(upt) == approximately(0.45), "Sec 4 training details"),
)
