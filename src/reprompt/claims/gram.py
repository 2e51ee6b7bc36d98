"""What GRAM states. Li et al., ICCV 2023, arXiv:2303.06571."""

# ruff: noqa: I001
# fmt: off
from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import approximately, each, pair
from reprompt.claims.terms import (
    ELEVEN, IMAGENET_SHIFTS, TEN_TARGETS, H, acc, base, inner_product, mean, mean_base, mean_H, mean_new,
    mean_over_epochs, new, share_of_gain, slope_over_epochs,
)

clip, coop, cocoop, vpt, gram, unigram = methods("zero_shot_clip", "coop", "cocoop", "vpt", "gram", "unigram")
joint = coop + "vpt_joint"
# UNIGRAM with one thing changed: Table 6.
no_domain_shift, no_regulator = methods("unigram-no_domain_shift", "unigram-no_gradient_regulating")
pretrained, supervised = methods("unigram-prompt_pretraining", "unigram-supervised_meta")

# Ten epochs each; what is not tuned on a task is tuned on ImageNet.
base_to_new = claims_in("gram", "base_to_new", backbone="ViT-B/16", shots=16, M=4)
shifts = claims_in("gram", "domain_generalization", backbone="ViT-B/16", shots=16, M=4)
cross_dataset = claims_in("gram", "cross_dataset", backbone="ViT-B/16", shots=16, M=4)
shifts_4_shots = claims_in("gram", "domain_generalization", backbone="ViT-B/16", shots=4, M=4)
cross_dataset_4_shots = claims_in("gram", "cross_dataset", backbone="ViT-B/16", shots=4, M=4)
meta_training = claims_in("gram", "meta-training")

SOURCE_AND_SHIFTS = each("imagenet", IMAGENET_SHIFTS)

# A claim: its id and the paper's words; what they mean; where they stand, and what difference the paper prints.
CLAIMS = (
    base_to_new("gram-01", "GRAM raises the average base-class accuracy of CoOp by 1.16",
        mean_base(coop + gram, ELEVEN) > mean_base(coop, ELEVEN), "Sec 4.2, Table 1a", prints=1.16),
    base_to_new("gram-02", "GRAM raises the average base-class accuracy of VPT by 1.51",
        mean_base(vpt + gram, ELEVEN) > mean_base(vpt, ELEVEN), "Sec 4.2, Table 1a", prints=1.51),
    base_to_new("gram-03", "GRAM raises the average new-class accuracy of CoOp by 1.82",
        mean_new(coop + gram, ELEVEN) > mean_new(coop, ELEVEN), "Sec 4.2, Table 1a", prints=1.82),
    base_to_new("gram-04", "GRAM raises the average new-class accuracy of VPT by 1.87",
        mean_new(vpt + gram, ELEVEN) > mean_new(vpt, ELEVEN), "Sec 4.2, Table 1a", prints=1.87),
    base_to_new("gram-05", "GRAM raises the average harmonic mean of CoOp",
        mean_H(coop + gram, ELEVEN) > mean_H(coop, ELEVEN), "Sec 4.2; margin computed from Table 1a", prints=1.51),
    base_to_new("gram-06", "GRAM raises the average harmonic mean of VPT",
        mean_H(vpt + gram, ELEVEN) > mean_H(vpt, ELEVEN), "Sec 4.2; margin computed from Table 1a", prints=1.69),
    base_to_new("gram-07", "GRAM improves CoOp consistently: base accuracy on each dataset",
        base(coop + gram, each(ELEVEN)) > base(coop, each(ELEVEN)), "Abstract, Table 1b-l"),
    base_to_new("gram-08", "GRAM improves CoOp consistently: new accuracy on each dataset",
        new(coop + gram, each(ELEVEN)) > new(coop, each(ELEVEN)), "Abstract, Table 1b-l"),
    base_to_new("gram-09", "GRAM improves CoOp consistently: harmonic-mean accuracy on each dataset",
        H(coop + gram, each(ELEVEN)) > H(coop, each(ELEVEN)), "Abstract, Table 1b-l"),
    base_to_new("gram-10", "GRAM improves VPT consistently: base accuracy on each dataset",
        base(vpt + gram, each(ELEVEN)) > base(vpt, each(ELEVEN)), "Abstract, Table 1b-l"),
    base_to_new("gram-11", "GRAM improves VPT consistently: new accuracy on each dataset",
        new(vpt + gram, each(ELEVEN)) > new(vpt, each(ELEVEN)), "Abstract, Table 1b-l"),
    base_to_new("gram-12", "GRAM improves VPT consistently: harmonic-mean accuracy on each dataset",
        H(vpt + gram, each(ELEVEN)) > H(vpt, each(ELEVEN)), "Abstract, Table 1b-l"),
    base_to_new("gram-13", "UNIGRAM raises average new accuracy from 73.11 (CoOp) to 75.92",
        mean_new(unigram, ELEVEN) > mean_new(coop, ELEVEN), "Sec 4.2, Table 1a", prints=2.81),
    base_to_new("gram-14", "UNIGRAM beats CoCoOp by 14.29 on FGVCAircraft (new classes)",
        new(unigram, "fgvc_aircraft") > new(cocoop, "fgvc_aircraft"), "Sec 4.2, Table 1", prints=14.29),
    base_to_new("gram-15", "UNIGRAM beats CoCoOp by 6.38 on DTD (new classes)",
        new(unigram, "dtd") > new(cocoop, "dtd"), "Sec 4.2, Table 1", prints=6.38),
    base_to_new("gram-16", "UNIGRAM beats CoCoOp by 11.34 on EuroSAT (new classes)",
        new(unigram, "eurosat") > new(cocoop, "eurosat"), "Sec 4.2, Table 1", prints=11.34),
    base_to_new("gram-17", "UNIGRAM beats its uni-modal parts CoOp+GRAM and VPT+GRAM on average base accuracy",
        mean_base(unigram, ELEVEN) > mean_base(each(coop + gram, vpt + gram), ELEVEN), "Sec 4.2, Table 1a"),
    base_to_new("gram-18", "UNIGRAM beats its uni-modal parts CoOp+GRAM and VPT+GRAM on average new accuracy",
        mean_new(unigram, ELEVEN) > mean_new(each(coop + gram, vpt + gram), ELEVEN), "Sec 4.2, Table 1a"),
    base_to_new("gram-19", "UNIGRAM beats its uni-modal parts CoOp+GRAM and VPT+GRAM on average harmonic-mean accuracy",
        mean_H(unigram, ELEVEN) > mean_H(each(coop + gram, vpt + gram), ELEVEN), "Sec 4.2, Table 1a"),
    base_to_new("gram-20", "UNIGRAM beats CoCoOp on average harmonic mean",
        mean_H(unigram, ELEVEN) > mean_H(cocoop, ELEVEN), "Table 1a (margin computed)", prints=2.24),
    base_to_new("gram-21", "Ten epochs of CoOp generalise better to new classes than 200 epochs",
        mean_new(coop, ELEVEN, epochs=10) > mean_new(coop, ELEVEN, epochs=200), "Sec 4.1"),
    base_to_new("gram-22", "A shorter context (4 tokens) is better for generalization than a longer one",
        mean_H(coop, ELEVEN, M=4, init="random") > mean_H(coop, ELEVEN, M=16, init="random"),  # no phrase has 16
        "Sec 4.1, quoting CoCoOp"),
    shifts("gram-23", "Cross-domain, 16 shots: GRAM improves coop on every target and on the source",
        acc(coop + gram, SOURCE_AND_SHIFTS, shots=16) > acc(coop, SOURCE_AND_SHIFTS, shots=16), "Sec 4.3, Table 2"),
    shifts("gram-24", "Cross-domain, 16 shots: GRAM improves vpt on every target and on the source",
        acc(vpt + gram, SOURCE_AND_SHIFTS, shots=16) > acc(vpt, SOURCE_AND_SHIFTS, shots=16), "Sec 4.3, Table 2"),
    shifts("gram-25", "On ImageNet-R UNIGRAM beats CoCoOp by 1.16",
        acc(unigram, "imagenet_r", shots=16) > acc(cocoop, "imagenet_r", shots=16), "Sec 4.3, Table 2", prints=1.16),
    shifts("gram-26", "Cross-domain, 16 shots: UNIGRAM beats CoOp+GRAM and VPT+GRAM on average",
        mean(unigram, IMAGENET_SHIFTS, shots=16) > mean(each(coop + gram, vpt + gram), IMAGENET_SHIFTS, shots=16),
        "Sec 4.3, Table 2"),
    shifts("gram-27", "Cross-domain, 16 shots: UNIGRAM has the best average of all",
        mean(unigram, IMAGENET_SHIFTS, shots=16) > mean(each(clip, cocoop, coop, vpt), IMAGENET_SHIFTS, shots=16),
        "Sec 4.3, Table 2"),
    cross_dataset("gram-28", "Cross-dataset, 16 shots: GRAM raises the CoOp target average by 1.20",
        mean(coop + gram, TEN_TARGETS, shots=16) > mean(coop, TEN_TARGETS, shots=16), "Sec 4.4, Table 3", prints=1.2),
    cross_dataset("gram-29", "Cross-dataset, 16 shots: GRAM raises the VPT target average by 1.08",
        mean(vpt + gram, TEN_TARGETS, shots=16) > mean(vpt, TEN_TARGETS, shots=16), "Sec 4.4, Table 3", prints=1.08),
    cross_dataset("gram-30", "Cross-dataset, 16 shots: UNIGRAM beats CoCoOp by 1.97 on the target average",
        mean(unigram, TEN_TARGETS, shots=16) > mean(cocoop, TEN_TARGETS, shots=16), "Sec 4.4, Table 3", prints=1.97),
    cross_dataset("gram-31", "Cross-dataset, 16 shots: UNIGRAM is best on the source",
        acc(unigram, "imagenet", shots=16)
        > acc(each(cocoop, coop, coop + gram, vpt, vpt + gram), "imagenet", shots=16), "Sec 4.4, Table 3"),
    cross_dataset("gram-32", "Cross-dataset, 16 shots: UNIGRAM has the best target average",
        mean(unigram, TEN_TARGETS, shots=16)
        > mean(each(cocoop, coop, coop + gram, vpt, vpt + gram), TEN_TARGETS, shots=16), "Sec 4.4, Table 3"),
    shifts_4_shots("gram-33", "4 shots, cross-domain: GRAM raises the coop target average",
        mean(coop + gram, IMAGENET_SHIFTS, shots=4) > mean(coop, IMAGENET_SHIFTS, shots=4), "Sec 4.5, Table 4"),
    cross_dataset_4_shots("gram-34", "4 shots, cross-dataset: GRAM raises the coop target average",
        mean(coop + gram, TEN_TARGETS, shots=4) > mean(coop, TEN_TARGETS, shots=4), "Sec 4.5, Table 5"),
    shifts_4_shots("gram-35", "4 shots: GRAM keeps a higher source accuracy than coop",
        acc(coop + gram, "imagenet", shots=4) > acc(coop, "imagenet", shots=4), "Sec 4.5, Tables 4-5"),
    shifts_4_shots("gram-36", "4 shots, cross-domain: GRAM raises the vpt target average",
        mean(vpt + gram, IMAGENET_SHIFTS, shots=4) > mean(vpt, IMAGENET_SHIFTS, shots=4), "Sec 4.5, Table 4"),
    cross_dataset_4_shots("gram-37", "4 shots, cross-dataset: GRAM raises the vpt target average",
        mean(vpt + gram, TEN_TARGETS, shots=4) > mean(vpt, TEN_TARGETS, shots=4), "Sec 4.5, Table 5"),
    shifts_4_shots("gram-38", "4 shots: GRAM keeps a higher source accuracy than vpt",
        acc(vpt + gram, "imagenet", shots=4) > acc(vpt, "imagenet", shots=4), "Sec 4.5, Tables 4-5"),
    shifts_4_shots("gram-39", "4 shots, cross-domain: UNIGRAM has the best target average",
        mean(unigram, IMAGENET_SHIFTS, shots=4)
        > mean(each(clip, cocoop, coop, coop + gram, vpt, vpt + gram), IMAGENET_SHIFTS, shots=4), "Sec 4.5, Table 4"),
    cross_dataset_4_shots("gram-40", "4 shots, cross-dataset: UNIGRAM has the best target average",
        mean(unigram, TEN_TARGETS, shots=4)
        > mean(each(cocoop, coop, coop + gram, vpt, vpt + gram), TEN_TARGETS, shots=4), "Sec 4.5, Table 5"),
    base_to_new("gram-41", "Removing domain-shift simulation lowers average new-class accuracy",
        mean_new(no_domain_shift, ELEVEN) < mean_new(unigram, ELEVEN),
        "Sec 4.6; margin computed from Table 6", prints=0.36),
    base_to_new("gram-42", "Removing the gradient regulating function lowers average new-class accuracy",
        mean_new(no_regulator, ELEVEN) < mean_new(unigram, ELEVEN),
        "Sec 4.6; margin computed from Table 6", prints=1.13),
    base_to_new("gram-43", "Removing meta-learning (plain prompt pre-training instead) lowers average new-class "
        "accuracy",
        mean_new(pretrained, ELEVEN) < mean_new(unigram, ELEVEN), "Sec 4.6; margin computed from Table 6", prints=1.6),
    base_to_new("gram-44", "Removing CHC (supervised meta-learning on WebVision instead) lowers average new-class "
        "accuracy",
        mean_new(supervised, ELEVEN) < mean_new(unigram, ELEVEN), "Sec 4.6; margin computed from Table 6", prints=1.45),
    base_to_new("gram-45", "Most of the gain does not come from pre-training on the image-text pairs",
        mean_H(unigram, ELEVEN) - mean_H(pretrained, ELEVEN) > mean_H(pretrained, ELEVEN) - mean_H(joint, ELEVEN),
        "Sec 4.6, Table 6 row 3"),
    base_to_new("gram-46", "Unlabeled clusters are a better meta-training source than labelled WebVision",
        mean_H(unigram, ELEVEN) > mean_H(supervised, ELEVEN), "Sec 4.6; margin computed from Table 6", prints=1.55),
    base_to_new("gram-47", "Direct joint textual and visual tuning is slightly worse than CoOp",
        mean_H(joint, ELEVEN) < mean_H(coop, ELEVEN), "Sec 4.6; margin computed from Tables 1a and 6", prints=0.22),
    base_to_new("gram-48", "The gradient regulating function accounts for 15% of the relative gain in new-class "
        "accuracy",
        share_of_gain(unigram, no_regulator, joint, split="new") == approximately(0.15),
        "Sec 4.6 (base of the ratio not given)"),
    base_to_new("gram-49", "From 2 to 4 prompt tokens the base accuracy clearly improves",
        mean_base(unigram, ELEVEN, M=4) > mean_base(unigram, ELEVEN, M=2),
        "Sec 4.6; margin computed from Table 7", prints=2.85),
    base_to_new("gram-50", "From 2 to 4 prompt tokens the new accuracy drops slightly",
        mean_new(unigram, ELEVEN, M=4) < mean_new(unigram, ELEVEN, M=2),
        "Sec 4.6; margin computed from Table 7", prints=0.17),
    base_to_new("gram-51", "Beyond 4 tokens more prompt tokens lower new accuracy",
        mean_new(unigram, ELEVEN).decreases_with(M=(4, 6, 8)), "Sec 4.6, Table 7"),
    base_to_new("gram-52", "Few-shot accuracy of prompt tuning varies markedly with the initialization",
        mean_base(coop, ELEVEN).varies_with("init"), "Sec 1, Fig 1a"),  # the half of the classes that has shots
    base_to_new("gram-53", "As training continues CoOp loses generalization while GRAM does not",
        slope_over_epochs(mean_new(coop, ELEVEN)) < slope_over_epochs(mean_new(coop + gram, ELEVEN)), "Sec 1, Fig 1b"),
    base_to_new("gram-54", "As training continues new-class accuracy of CoOp and VPT falls, and that of CoOp+GRAM and "
        "VPT+GRAM does not",
        slope_over_epochs(mean_new(each(coop, vpt), ELEVEN)) < 0, "Sec 4.6, Fig 3a"),
    base_to_new("gram-55", "CoOp+GRAM and VPT+GRAM adapt better than CoOp and VPT at each epoch",
        mean_over_epochs(mean_base(pair(coop + gram, vpt + gram), ELEVEN))
        > mean_over_epochs(mean_base(pair(coop, vpt), ELEVEN)), "Sec 4.6, Fig 3a"),
    meta_training("gram-56", "The normalized support-query gradient inner product rises during meta-training",
        inner_product(coop + gram).increases_over("meta_step"), "Sec 4.6, Fig 3b"),
)
