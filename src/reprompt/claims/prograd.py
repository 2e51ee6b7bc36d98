"""What ProGrad states. Zhu et al., ICCV 2023, arXiv:2205.14865."""

# ruff: noqa: I001
# fmt: off
from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import Method, approximately, each
from reprompt.claims.terms import (
    ELEVEN, IMAGENET_SHIFTS, TEN_TARGETS, H, acc, best_epoch, final_angle, last_epoch, mean, mean_base, mean_H,
    mean_new, shared_failures, wins,
)

clip, clip_ensemble, linear_probe = methods("zero_shot_clip", "clip_ensemble", "linear_probe")
coop, cocoop, prograd, lwf_kd = methods("coop", "cocoop", "prograd", "lwf_kd")
prograd_ensemble, prograd_oracle_direction = methods("prograd_ensemble", "prograd_oracle_direction")
cosine_classifier = Method("cosine_classifier")

# Three seeds each; what is not tuned on a task is tuned on ImageNet.
few_shot = claims_in("prograd", "few_shot", backbone="RN50", M=16)
cosine_features = claims_in("prograd", "few_shot", backbone="RN50")  # a classifier on visual features has no context
shifts = claims_in("prograd", "domain_generalization", shots=4, M=4)
base_to_new = claims_in("prograd", "base_to_new", backbone="RN50", shots=4, M=4)
cross_dataset = claims_in("prograd", "cross_dataset", backbone="RN50", shots=4, M=4)

EVERY_SHOTS, FEW, MANY = each(1, 2, 4, 8, 16), each(1, 2, 4), each(8, 16)
EVERY_ALPHA = each(0.25, 0.5, 1, 2, 4)
EVERY_BACKBONE = each("RN50", "RN101", "ViT-B/32", "ViT-B/16")
SOURCE_AND_SHIFTS = each("imagenet", IMAGENET_SHIFTS)
CARS_AND_PETS = each("stanford_cars", "oxford_pets")

# A claim: its id and the paper's words; what they mean; where they stand, and what difference the paper prints.
CLAIMS = (
    few_shot("prograd-01", "With 1 shot ProGrad beats CoOp by 3.2 points on the 11-dataset average",
        mean(prograd, ELEVEN, shots=1) > mean(coop, ELEVEN, shots=1), "Sec 4.2, Table 1", prints=3.2),
    few_shot("prograd-02", "With 2 shots ProGrad beats CoOp on the 11-dataset average",
        mean(prograd, ELEVEN, shots=2) > mean(coop, ELEVEN, shots=2),
        "Sec 4.2; margin computed from Table 1", prints=2.53),
    few_shot("prograd-03", "With 4 shots ProGrad beats CoOp on the 11-dataset average",
        mean(prograd, ELEVEN, shots=4) > mean(coop, ELEVEN, shots=4),
        "Sec 4.2; margin computed from Table 1", prints=1.66),
    few_shot("prograd-04", "With 8 shots ProGrad beats CoOp on the 11-dataset average",
        mean(prograd, ELEVEN, shots=8) > mean(coop, ELEVEN, shots=8),
        "Sec 4.2; margin computed from Table 1", prints=1.37),
    few_shot("prograd-05", "With 16 shots ProGrad beats CoOp on the 11-dataset average",
        mean(prograd, ELEVEN, shots=16) > mean(coop, ELEVEN, shots=16),
        "Sec 4.2; margin computed from Table 1", prints=0.79),
    few_shot("prograd-06", "The ProGrad gain over CoOp is largest at the smallest number of shots and shrinks with "
        "more shots",
        (mean(prograd, ELEVEN) - mean(coop, ELEVEN)).decreases_with(shots=(1, 2, 4, 8, 16)),
        "Sec 4.2, Table 1 (implied by the anti-overfitting argument)"),
    few_shot("prograd-07", "ProGrad beats the linear probe on average at every shot count",
        mean(prograd, ELEVEN, shots=EVERY_SHOTS) > mean(linear_probe, ELEVEN, shots=EVERY_SHOTS), "Sec 4.2, Table 1"),
    few_shot("prograd-08", "ProGrad beats zero-shot CLIP on average at every shot count",
        mean(prograd, ELEVEN, shots=EVERY_SHOTS) > mean(clip, ELEVEN), "Sec 4.2, Table 1"),
    few_shot("prograd-09", "With 1 shot ProGrad beats CoOp by 9.5 points on FGVCAircraft",
        acc(prograd, "fgvc_aircraft", shots=1) > acc(coop, "fgvc_aircraft", shots=1), "Sec 4.2, Fig 4", prints=9.5),
    few_shot("prograd-10", "With 1 shot ProGrad beats CoOp by 6.9 points on EuroSAT",
        acc(prograd, "eurosat", shots=1) > acc(coop, "eurosat", shots=1), "Sec 4.2, Fig 4", prints=6.9),
    few_shot("prograd-11", "With 1 shot ProGrad beats CoOp by 5.1 points on Flowers102",
        acc(prograd, "flowers102", shots=1) > acc(coop, "flowers102", shots=1), "Sec 4.2, Fig 4", prints=5.1),
    few_shot("prograd-12", "Few-shot: ProGrad improves on CoOp on each of the 11 datasets",
        acc(prograd, each(ELEVEN), shots=EVERY_SHOTS) > acc(coop, each(ELEVEN), shots=EVERY_SHOTS),
        "Sec 1 summary item 1, Fig 4"),
    few_shot("prograd-13", "Prompt ensembling improves zero-shot CLIP on average (58.77 to 59.38)",
        mean(clip_ensemble, ELEVEN) > mean(clip, ELEVEN), "Sec 4.2, Table 1", prints=0.61),
    few_shot("prograd-14", "ProGrad++ improves ProGrad on average at 16 shots (74.28 to 75.03)",
        mean(prograd_ensemble, ELEVEN, shots=16) > mean(prograd, ELEVEN, shots=16), "Sec 4.2, Table 1", prints=0.75),
    few_shot("prograd-15", "ProGrad++ beats ProGrad on average at every shot count",
        mean(prograd_ensemble, ELEVEN, shots=EVERY_SHOTS) > mean(prograd, ELEVEN, shots=EVERY_SHOTS), "Table 1"),
    shifts("prograd-16", "Domain generalization: ProGrad beats zero-shot CLIP on the source and on all 4 targets with "
        "all 4 backbones",
        acc(prograd, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4)
        > acc(clip, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4), "Sec 4.3, Table 2"),
    shifts("prograd-17", "Domain generalization: ProGrad beats the linear probe on the source and on all 4 targets "
        "with all 4 backbones",
        acc(prograd, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4)
        > acc(linear_probe, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4), "Sec 4.3, Table 2"),
    shifts("prograd-18", "Domain generalization: ProGrad beats CoOp on the source and on all 4 targets with all 4 "
        "backbones",
        acc(prograd, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4)
        > acc(coop, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4), "Sec 4.3, Table 2"),
    shifts("prograd-19", "Domain generalization: ProGrad beats CoCoOp on the source and on all 4 targets with all 4 "
        "backbones",
        acc(prograd, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4)
        > acc(cocoop, SOURCE_AND_SHIFTS, backbone=EVERY_BACKBONE, shots=4), "Sec 4.3, Table 2"),
    base_to_new("prograd-20", "Base-to-new: ProGrad has the highest average base accuracy of CLIP, CoOp, CoCoOp and "
        "ProGrad",
        mean_base(prograd, ELEVEN, shots=4) > mean_base(each(clip, coop, cocoop), ELEVEN, shots=4), "Sec 4.4, Table 3"),
    base_to_new("prograd-21", "Base-to-new: ProGrad has the highest average new accuracy of CLIP, CoOp, CoCoOp and "
        "ProGrad",
        mean_new(prograd, ELEVEN, shots=4) > mean_new(each(clip, coop, cocoop), ELEVEN, shots=4), "Sec 4.4, Table 3"),
    base_to_new("prograd-22", "Base-to-new: ProGrad has the highest average harmonic-mean accuracy of CLIP, CoOp, "
        "CoCoOp and ProGrad",
        mean_H(prograd, ELEVEN, shots=4) > mean_H(each(clip, coop, cocoop), ELEVEN, shots=4), "Sec 4.4, Table 3"),
    base_to_new("prograd-23", "New-class accuracy of ProGrad beats that of CoOp",
        mean_new(prograd, ELEVEN, shots=4) > mean_new(coop, ELEVEN, shots=4),
        "Sec 4.4; margin computed from Table 3", prints=4.7),
    base_to_new("prograd-24", "CoOp and CoCoOp are below zero-shot CLIP on new classes",
        mean_new(each(coop, cocoop), ELEVEN, shots=4) < mean_new(clip, ELEVEN), "Sec 4.4, Table 3"),
    base_to_new("prograd-25", "Harmonic mean of ProGrad beats CoOp and CoCoOp on each of the 11 datasets",
        H(prograd, each(ELEVEN), shots=4) > H(each(coop, cocoop), each(ELEVEN), shots=4),
        "Sec 1 summary item 2 (per-dataset numbers only in an appendix)"),
    cross_dataset("prograd-26", "Cross-dataset: ProGrad is best on the source",
        acc(prograd, "imagenet", shots=4) > acc(each(coop, cocoop), "imagenet", shots=4), "Sec 4.5, Table 4"),
    cross_dataset("prograd-27", "Cross-dataset: ProGrad is best on 9 of 10 targets",
        wins(prograd, over=(coop, cocoop), on=TEN_TARGETS) == 9, "Sec 4.5, Table 4"),
    cross_dataset("prograd-28", "Cross-dataset: ProGrad has the best average (source included)",
        mean(prograd, ELEVEN, shots=4) > mean(each(coop, cocoop), ELEVEN, shots=4), "Table 4"),
    few_shot("prograd-29", "ProGrad beats LwF/KD for every alpha at every shot count",
        mean(prograd, ELEVEN, shots=EVERY_SHOTS) > mean(lwf_kd, ELEVEN, shots=EVERY_SHOTS, alpha=EVERY_ALPHA),
        "Sec 4.6, Table 5"),
    few_shot("prograd-30", "LwF/KD with alpha at most 1 improves CoOp at 1, 2 and 4 shots",
        mean(lwf_kd, ELEVEN, shots=FEW, alpha=each(0.25, 0.5, 1)) > mean(coop, ELEVEN, shots=FEW), "Sec 4.6, Table 5"),
    few_shot("prograd-31", "LwF/KD falls below CoOp at 8 and 16 shots",
        mean(lwf_kd, ELEVEN, shots=MANY, alpha=EVERY_ALPHA) < mean(coop, ELEVEN, shots=MANY),
        "Sec 4.6, Table 5 (wording: performance drops when shots are many)"),
    few_shot("prograd-32", "At 16 shots LwF/KD is below CoOp for every alpha",
        mean(lwf_kd, ELEVEN, shots=16, alpha=EVERY_ALPHA) < mean(coop, ELEVEN, shots=16), "Sec 4.6, Table 5"),
    cosine_features("prograd-33", "ProGrad improves a cosine classifier at every shot count",
        mean(cosine_classifier + prograd, ELEVEN, shots=EVERY_SHOTS)
        > mean(cosine_classifier, ELEVEN, shots=EVERY_SHOTS), "Sec 4.6, Table 6"),
    few_shot("prograd-34", "A smaller lambda is worse in low-shot training (OxfordPets)",
        acc(prograd, "oxford_pets", shots=FEW).increases_with(lambda_=(0, 0.2, 0.4, 0.7, 0.9, 1)), "Sec 4.6, Table 7a"),
    few_shot("prograd-35", "A smaller lambda is worse in low-shot training (DTD)",
        acc(prograd, "dtd", shots=FEW).increases_with(lambda_=(0, 0.2, 0.4, 0.7, 0.9, 1)), "Sec 4.6, Table 7b"),
    few_shot("prograd-36", "On DTD at 16 shots lambda 0.9 beats lambda 1.0",
        acc(prograd, "dtd", shots=16, lambda_=0.9) > acc(prograd, "dtd", shots=16, lambda_=1),
        "Sec 4.6, Table 7b (margin computed)", prints=3.13),
    few_shot("prograd-37", "lambda 0 is exactly CoOp",
        acc(prograd, each(ELEVEN), lambda_=0) == acc(coop, each(ELEVEN)), "Sec 3.2"),
    few_shot("prograd-38", "With 1 shot, CoOp accuracy falls as training continues, by up to 4 points from its "
        "early-stopping best",
        best_epoch(acc(coop, CARS_AND_PETS, shots=1)) - last_epoch(acc(coop, CARS_AND_PETS, shots=1)) > 0,
        "Sec 1, Fig 1a-b", prints=4),
    few_shot("prograd-39", "With 1 shot, fully trained CoOp is below zero-shot CLIP",
        last_epoch(acc(coop, CARS_AND_PETS, shots=1)) < acc(clip, CARS_AND_PETS), "Fig 1a-b caption"),
    few_shot("prograd-40", "Without augmentation or with few samples CoOp may fail to beat zero-shot CLIP",
        acc(coop, CARS_AND_PETS, augmentation="none", shots=1) < acc(clip, CARS_AND_PETS), "Sec 1, Fig 1c-d"),
    few_shot("prograd-41", "Most samples that ProGrad gets wrong and CoOp gets right are also wrong under zero-shot "
        "CLIP",
        shared_failures(missed_by=prograd, got_by=coop, on=ELEVEN) > 0.5,
        "Sec 4.6, Fig 5 (wording: a high proportion)"),
    few_shot("prograd-42", "That share grows with the number of shots",
        shared_failures(missed_by=prograd, got_by=coop, on=ELEVEN).increases_with(shots=(1, 2, 4, 8, 16)),
        "Sec 4.6, Fig 5"),
    few_shot("prograd-43", "Under CoOp training the angle between G_d and G_g converges to 90 degrees",
        final_angle(coop, each("stanford_cars", "caltech101")) == approximately(90), "Sec 4.6, Fig 6"),
    few_shot("prograd-44", "Under ProGrad training the angle converges to an obtuse angle",
        final_angle(prograd, each("stanford_cars", "caltech101")) > 90, "Sec 4.6, Fig 6"),
    few_shot("prograd-45", "An oracle general direction from a full-data prompt gives a stronger ProGrad",
        mean(prograd_oracle_direction, ELEVEN, shots=EVERY_SHOTS) > mean(prograd, ELEVEN, shots=EVERY_SHOTS),
        "Sec 4.6, Fig 7"),
)
