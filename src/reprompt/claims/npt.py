"""What NPT states. Didi Zhu et al. 2023, "Understanding Prompt Tuning for V-L Models Through the Lens of Neural
Collapse".
"""

# ruff: noqa: I001
# fmt: off
from reprompt.claims.claim import claims_in, methods
from reprompt.claims.expressions import approximately, each
from reprompt.claims.terms import (
    ELEVEN, IMAGENET_SHIFTS, TEN_TARGETS, H, acc, base, delta_lcd, delta_mid, largest_gain, mean, mean_base, mean_H,
    mean_new, new, range_over, tail_cosine, wins,
)

clip, cocoop, maple, npt, lc, mi = methods("zero_shot_clip", "cocoop", "maple", "npt", "lc", "mi")

# At most 16 shots a class, fewer with imbalance tau; 5 epochs, batch 4, learning rate 0.0035, w1 0.3, w2 0.8.
base_to_new = claims_in("npt", "base_to_new", backbone="ViT-B/16")
cross_dataset = claims_in("npt", "cross_dataset", backbone="ViT-B/16")
shifts = claims_in("npt", "domain_generalization", backbone="ViT-B/16")

EVERY_TAU, BOTH_TAUS = each(1, 0.05, 0.01), each(0.05, 0.01)
EVERY_SHIFT = each(IMAGENET_SHIFTS)

# A claim: its id and the paper's words; what they mean; where they stand, and what difference the paper prints.
CLAIMS = (
    base_to_new("npt-01", "NPT raises the average H of MaPLe by 1.97 at tau 0.05",
        mean_H(maple + npt, ELEVEN, tau=0.05) > mean_H(maple, ELEVEN, tau=0.05), "Sec 5.1, Table 1", prints=1.97),
    base_to_new("npt-02", "NPT raises the average H of MaPLe by 2.47 at tau 0.01",
        mean_H(maple + npt, ELEVEN, tau=0.01) > mean_H(maple, ELEVEN, tau=0.01),
        "Sec 5.1 and 5.5, Tables 1 and 3", prints=2.47),
    base_to_new("npt-03", "Imbalance tau 0.05 lowers the average H of cocoop by 4.13",
        mean_H(cocoop, ELEVEN, tau=0.05) < mean_H(cocoop, ELEVEN, tau=1), "Sec 5.1, Table 1", prints=4.13),
    base_to_new("npt-04", "Imbalance tau 0.05 lowers the average H of maple by 7.15",
        mean_H(maple, ELEVEN, tau=0.05) < mean_H(maple, ELEVEN, tau=1), "Sec 5.1, Table 1", prints=7.15),
    base_to_new("npt-05", "Imbalance tau 0.01 lowers the average H of cocoop by 7.13",
        mean_H(cocoop, ELEVEN, tau=0.01) < mean_H(cocoop, ELEVEN, tau=1), "Sec 5.1, Table 1", prints=7.13),
    base_to_new("npt-06", "Imbalance tau 0.01 lowers the average H of maple by 8.89",
        mean_H(maple, ELEVEN, tau=0.01) < mean_H(maple, ELEVEN, tau=1), "Sec 5.1, Table 1", prints=8.89),
    base_to_new("npt-07", "Average H falls as imbalance rises (tau 1, 0.05, 0.01)",
        mean_H(each(cocoop, maple, cocoop + npt, maple + npt), ELEVEN).decreases_with(tau=(1, 0.05, 0.01)),
        "Sec 5.1, Table 1"),
    base_to_new("npt-08", "Balanced data: MaPLe beats zero-shot CLIP on average H",
        mean_H(maple, ELEVEN, tau=1) > mean_H(clip, ELEVEN, tau=1), "Sec 1; margin computed from Table 1", prints=6.69),
    base_to_new("npt-09", "NPT raises the average H of CoCoOp at every tau",
        mean_H(cocoop + npt, ELEVEN, tau=EVERY_TAU) > mean_H(cocoop, ELEVEN, tau=EVERY_TAU), "Abstract, Table 1"),
    base_to_new("npt-10", "NPT raises the average H of MaPLe on balanced data",
        mean_H(maple + npt, ELEVEN, tau=1) > mean_H(maple, ELEVEN, tau=1),
        "Sec 5.4; margin computed from Table 1", prints=0.21),
    base_to_new("npt-11", "Balanced data: NPT improves MaPLe on 9 of 11 datasets",
        wins(maple + npt, over=(maple,), on=ELEVEN, split="H", tau=1) == 9, "Sec 5.4, Table 1"),
    base_to_new("npt-12", "Balanced data: the largest gain of NPT is about 1.3",
        largest_gain(maple + npt, over=maple, on=ELEVEN, split="H", tau=1) == approximately(1.3), "Sec 5.4"),
    base_to_new("npt-13", "Imbalanced data: MaPLe+NPT beats MaPLe on H of each of the 11 datasets",
        H(maple + npt, each(ELEVEN), tau=BOTH_TAUS) > H(maple, each(ELEVEN), tau=BOTH_TAUS), "Sec 5.1, Table 1"),
    base_to_new("npt-14", "Imbalanced data: MaPLe+NPT beats MaPLe on base classes of each of the 11 datasets",
        base(maple + npt, each(ELEVEN), tau=BOTH_TAUS) > base(maple, each(ELEVEN), tau=BOTH_TAUS), "Sec 5.1, Fig 4"),
    base_to_new("npt-15", "Imbalanced data: MaPLe+NPT beats MaPLe on novel classes of each of the 11 datasets",
        new(maple + npt, each(ELEVEN), tau=BOTH_TAUS) > new(maple, each(ELEVEN), tau=BOTH_TAUS), "Sec 5.1, Fig 4"),
    base_to_new("npt-16", "The NPT gain is larger on novel than on base classes",
        mean_new(maple + npt, ELEVEN, tau=BOTH_TAUS) - mean_new(maple, ELEVEN, tau=BOTH_TAUS)
        > mean_base(maple + npt, ELEVEN, tau=BOTH_TAUS) - mean_base(maple, ELEVEN, tau=BOTH_TAUS), "Sec 5.1, Fig 4"),
    base_to_new("npt-17", "MaPLe+NPT has the best average H at every tau",
        mean_H(maple + npt, ELEVEN, tau=EVERY_TAU) > mean_H(each(cocoop, maple, cocoop + npt), ELEVEN, tau=EVERY_TAU),
        "Table 1"),
    base_to_new("npt-18", "Balanced data: across methods, lower Delta_LCD goes with higher accuracy",
        delta_lcd(each(clip, cocoop, maple), ELEVEN, tau=1)
        .correlates_negatively_with(mean_H(each(clip, cocoop, maple), ELEVEN, tau=1)), "Sec 4.1, Fig 2a"),
    base_to_new("npt-19", "Balanced data: across methods, lower Delta_MID goes with higher accuracy",
        delta_mid(each(clip, cocoop, maple), ELEVEN, tau=1)
        .correlates_negatively_with(mean_H(each(clip, cocoop, maple), ELEVEN, tau=1)), "Sec 4.1, Fig 2a"),
    base_to_new("npt-20", "Imbalanced data: across methods and tau, lower Delta_LCD goes with higher accuracy",
        delta_lcd(each(cocoop, maple, maple + npt), ELEVEN, tau=EVERY_TAU)
        .correlates_negatively_with(mean_H(each(cocoop, maple, maple + npt), ELEVEN, tau=EVERY_TAU)),
        "Sec 4.1, Fig 2b"),
    base_to_new("npt-21", "Balanced data: MaPLe has a lower Delta_LCD than zero-shot CLIP and the other methods",
        delta_lcd(maple, ELEVEN, tau=1) < delta_lcd(each(clip, cocoop), ELEVEN, tau=1), "Sec 4.1, Fig 2a"),
    base_to_new("npt-22", "Delta_LCD of MaPLe rises with imbalance",
        delta_lcd(maple, ELEVEN).increases_with(tau=(1, 0.05, 0.01)), "Sec 4.1, Eq 4, Fig 2b"),
    base_to_new("npt-23", "Under imbalance NPT gives a lower Delta_LCD than MaPLe",
        delta_lcd(maple + npt, ELEVEN, tau=BOTH_TAUS) < delta_lcd(maple, ELEVEN, tau=BOTH_TAUS), "Sec 4.1, Fig 2b"),
    base_to_new("npt-24", "Imbalanced data: across methods and tau, lower Delta_MID goes with higher accuracy",
        delta_mid(each(cocoop, maple, maple + npt), ELEVEN, tau=EVERY_TAU)
        .correlates_negatively_with(mean_H(each(cocoop, maple, maple + npt), ELEVEN, tau=EVERY_TAU)),
        "Sec 4.1, Fig 2b"),
    base_to_new("npt-25", "Balanced data: MaPLe has a lower Delta_MID than zero-shot CLIP and the other methods",
        delta_mid(maple, ELEVEN, tau=1) < delta_mid(each(clip, cocoop), ELEVEN, tau=1), "Sec 4.1, Fig 2a"),
    base_to_new("npt-26", "Delta_MID of MaPLe rises with imbalance",
        delta_mid(maple, ELEVEN).increases_with(tau=(1, 0.05, 0.01)), "Sec 4.1, Eq 4, Fig 2b"),
    base_to_new("npt-27", "Under imbalance NPT gives a lower Delta_MID than MaPLe",
        delta_mid(maple + npt, ELEVEN, tau=BOTH_TAUS) < delta_mid(maple, ELEVEN, tau=BOTH_TAUS), "Sec 4.1, Fig 2b"),
    cross_dataset("npt-28", "Cross-dataset: target average falls as imbalance rises",
        mean(each(cocoop, maple), TEN_TARGETS).decreases_with(tau=(1, 0.05, 0.01)),
        "Sec 5.2, Table 2 (tau 1 only in an appendix)"),
    cross_dataset("npt-29", "Cross-dataset: NPT raises the cocoop target average at tau 0.05 and 0.01",
        mean(cocoop + npt, TEN_TARGETS, tau=BOTH_TAUS) > mean(cocoop, TEN_TARGETS, tau=BOTH_TAUS), "Sec 5.2, Table 2"),
    cross_dataset("npt-30", "Cross-dataset: NPT raises the maple target average at tau 0.05 and 0.01",
        mean(maple + npt, TEN_TARGETS, tau=BOTH_TAUS) > mean(maple, TEN_TARGETS, tau=BOTH_TAUS), "Sec 5.2, Table 2"),
    cross_dataset("npt-31", "Cross-dataset: MaPLe+NPT has the best target average at every tau",
        mean(maple + npt, TEN_TARGETS, tau=BOTH_TAUS)
        > mean(each(cocoop, maple, cocoop + npt), TEN_TARGETS, tau=BOTH_TAUS), "Sec 5.2, Table 2"),
    shifts("npt-32", "Domain generalization: NPT improves cocoop on all 4 ImageNet variants at both tau",
        acc(cocoop + npt, EVERY_SHIFT, tau=BOTH_TAUS) > acc(cocoop, EVERY_SHIFT, tau=BOTH_TAUS), "Sec 5.3, Table 4"),
    shifts("npt-33", "Domain generalization: NPT raises the cocoop average at both tau",
        mean(cocoop + npt, IMAGENET_SHIFTS, tau=BOTH_TAUS) > mean(cocoop, IMAGENET_SHIFTS, tau=BOTH_TAUS),
        "Sec 5.3, Table 4"),
    shifts("npt-34", "Domain generalization: NPT also raises the source accuracy of cocoop at both tau",
        acc(cocoop + npt, "imagenet", tau=BOTH_TAUS) > acc(cocoop, "imagenet", tau=BOTH_TAUS), "Sec 5.3, Table 4"),
    shifts("npt-35", "Domain generalization: NPT improves maple on all 4 ImageNet variants at both tau",
        acc(maple + npt, EVERY_SHIFT, tau=BOTH_TAUS) > acc(maple, EVERY_SHIFT, tau=BOTH_TAUS), "Sec 5.3, Table 4"),
    shifts("npt-36", "Domain generalization: NPT raises the maple average at both tau",
        mean(maple + npt, IMAGENET_SHIFTS, tau=BOTH_TAUS) > mean(maple, IMAGENET_SHIFTS, tau=BOTH_TAUS),
        "Sec 5.3, Table 4"),
    shifts("npt-37", "Domain generalization: NPT also raises the source accuracy of maple at both tau",
        acc(maple + npt, "imagenet", tau=BOTH_TAUS) > acc(maple, "imagenet", tau=BOTH_TAUS), "Sec 5.3, Table 4"),
    base_to_new("npt-38", "Ablation, tau 0.01: LC raises the base-to-novel H of MaPLe by 0.64",
        mean_H(maple + lc, ELEVEN, tau=0.01) > mean_H(maple, ELEVEN, tau=0.01), "Sec 5.5, Table 3", prints=0.64),
    base_to_new("npt-39", "Ablation, tau 0.01: MI raises the base-to-novel H of MaPLe by 1.05",
        mean_H(maple + mi, ELEVEN, tau=0.01) > mean_H(maple, ELEVEN, tau=0.01), "Sec 5.5, Table 3", prints=1.05),
    base_to_new("npt-40", "Ablation, tau 0.01: the combination beats each single term (base-to-novel)",
        mean_H(maple + npt, ELEVEN, tau=0.01) > mean_H(each(maple + lc, maple + mi), ELEVEN, tau=0.01),
        "Sec 5.5, Table 3"),
    cross_dataset("npt-41", "Ablation, tau 0.01: each module helps in cross-dataset transfer",
        mean(each(maple + lc, maple + mi, maple + npt), TEN_TARGETS, tau=0.01, table=3)
        > mean(maple, TEN_TARGETS, tau=0.01, table=3), "Sec 5.5, Table 3"),
    shifts("npt-42", "Ablation, tau 0.01: each module helps in domain generalization",
        mean(each(maple + lc, maple + mi, maple + npt), IMAGENET_SHIFTS, tau=0.01, table=3)
        > mean(maple, IMAGENET_SHIFTS, tau=0.01, table=3), "Sec 5.5, Table 3"),
    base_to_new("npt-43", "Accuracy is stable over a broad range of w1 and w2",
        range_over(mean_H(maple + npt, ELEVEN, tau=0.01), "w_isomorphism", "w_language")
        < mean_H(maple + npt, ELEVEN, tau=0.01) - mean_H(maple, ELEVEN, tau=0.01),
        "Sec 5.5, Fig 5 (threshold is ours: the NPT gain)"),
    base_to_new("npt-44", "Under imbalance the text features of minor classes crowd together",
        tail_cosine(maple, "eurosat", tau=0.01) > tail_cosine(maple, "eurosat", tau=1), "Sec 1, Fig 1c"),
)
