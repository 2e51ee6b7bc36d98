"""The figures of MVLPT: multitask vision-language prompt tuning (arXiv:2211.11720). Figures 2 and 3 are diagrams."""

from reprompt.evidence.adaptation import LABELS, LEARNERS
from reprompt.evidence.explanation import OTHER
from reprompt.figures.figure import FigureSpec
from reprompt.figures.lines import Lines
from reprompt.figures.looks import GREEN, MVLPT, Look
from reprompt.figures.mvlpt.averages import AdaptedBy, Blocks
from reprompt.figures.mvlpt.grids import Grids
from reprompt.figures.mvlpt.pairs import Similarities, Transfers
from reprompt.figures.panels import Axis, Panel
from reprompt.figures.scatter import Scatter

SIZES = {"ViT-B-32": "ViT-B/32", "ViT-B-16": "ViT-B/16", "ViT-L-14": "ViT-L/14"}
BLOCK = {"mix_heads": "attention heads", "mix_layers": "layers", "mix_width": "width of the block"}
NUMBERED = tuple(zip("abc", LEARNERS, strict=True))
AVERAGE = "average over target tasks (%)"

mvlpt_figure1 = FigureSpec(
    "MVLPT Figure 1. Starting from 11 source tasks, by the size of CLIP",
    AdaptedBy(
        ("elevater", "elevater_zero_shot", "cross_task", "scaling", "scaling_adapted"),
        "backbone",
        printed_for=dict.fromkeys(LEARNERS, "ViT-B-16"),
        order=tuple(SIZES),
    ),
    Lines(
        (Panel(""),),
        Axis("backbone", "CLIP, as the paper calls it", ticks=SIZES),
        AVERAGE,
        height=3.1,
        by=("method",),
        looks=MVLPT,
        published="grey",
        bars=True,
        reach=3,
    ),
    "Mean over the target tasks of each task's own metric, at 20 shots; zero-shot CLIP has none. Dashed and open: "
    "tuned from a random start. Filled: started from the prompt of 11 source tasks. {bars}\n"
    "Printed for ViT-B/16 (Table 1a): {printed}; grey where the data are the paper's. The paper prints no other number "
    "of this figure. Its three CLIPs have 2.59, 11.27 and 51.90 GFLOPs and 125, 124 and 390 M parameters; a miniature "
    "only stands for one of them.",
)

mvlpt_figure4 = FigureSpec(
    "MVLPT Figure 4. Transferability: {shots}-shot prompts of source tasks on target tasks",
    Transfers("elevater20"),
    Grids(
        tuple(Panel(f"({panel}) {LABELS[learner]}", {"learner": learner}) for panel, learner in NUMBERED),
        Axis("target", ""),
        across=1,
        height=0.85,
        grid="none",
    ),
    "Each number: the score on the target (column) of the prompt that was tuned on the source (row) and is used as it "
    "is, in percent of the best score that any source's prompt reaches on that target; means over seeds. Framed: the "
    "task's own prompt; the means leave it out. Every task has its own metric.\n"
    "The paper prints colours without numbers. Scores in percent and their intervals are in the figure's csv.",
    decimals=4,
)

mvlpt_figure5 = FigureSpec(
    "MVLPT Figure 5. Context length",
    AdaptedBy(("elevater", "cross_task", "length", "length_adapted"), "M", {"coop": 16, "vpt": 16, "upt": 4}),
    Lines(
        tuple(Panel(f"({name})", {"method": (one, f"m{one}")}, "ranges_of_methods") for name, one in NUMBERED),
        Axis("M", "tokens", ranked=True, words="{M}"),
        AVERAGE,
        one_scale=True,
        by=("method",),
        looks=MVLPT,
        bars=True,
        reach=2,
    ),
    "Mean over the target tasks of each task's own metric, at 20 shots. Dashed and open: tuned from a random start. "
    "Filled: started from the prompt of 11 source tasks, of the same length. {bars}\n"
    "Tokens: of the context (CoOp), of each layer of the image tower (VPT), of both (UPT). Range: from the lowest to "
    "the highest point of a line. Printed for 16 tokens, UPT's 4 (Table 1a): {printed}.",
)

mvlpt_figure6 = FigureSpec(
    "MVLPT Figure 6. The transformer block of UPT",
    Blocks(("elevater", "upt_block"), tuple(BLOCK)),
    Lines(
        tuple(
            Panel(
                f"({panel}) {words}",
                {"panel": name},
                x=Axis(name, words, ranked=True, words=f"{{{name}}}\n{{relative:.1f}}×"),
            )
            for panel, (name, words) in zip("abc", BLOCK.items(), strict=True)
        ),
        Axis("panel", ""),
        AVERAGE,
        one_scale=True,
        by=("panel",),
        looks=dict.fromkeys(BLOCK, Look("", GREEN, "D")),
        default=True,
        bars=True,
        reach=2,
    ),
    "UPT from a random start: mean over the target tasks of each task's own metric, at 20 shots. Filled: the default "
    "block. {bars}\n"
    "The number under a setting: learned parameters of prompts and block, as a multiple of the fewest shown. They are "
    "counted for towers of the paper's widths (ViT-B/16: text 512, image 768). Printed for the default (Table 1a): "
    "{printed of UPT}. The paper prints no other number of this figure.",
)

mvlpt_figure_similarity = FigureSpec(
    "Beyond MVLPT. What explains transfer? Label and image similarity",
    Similarities("transfer_grid", "elevater20"),
    Scatter(
        tuple(
            Panel(
                f"{LABELS[learner]}, {similarity} similarity",
                {"learner": learner, "similarity": similarity},
                "spearman",
                Axis("value", f"{similarity} similarity"),
            )
            for learner in LEARNERS
            for similarity in OTHER
        ),
        Axis("value", ""),
        "normalised transfer",
        height=1.95,
        one_scale=True,
        common="col",
        grid="none",
        up="transfer",
        by="learner",
        looks=MVLPT,
        words="outlying_pairs",
        medians=5,
    ),
    "Each point is an ordered pair of different tasks, seed mean. Up: the score of the source's prompt on the target, "
    "divided by the target's best. Across: similarity as the frozen CLIP sees it, of class names (mean over the "
    "target's classes of the largest cosine with a class of the source) or of training images (cosine of the mean "
    "features). Only the order of similarities counts.\n"
    "Steps: medians of five groups of equally many pairs. ρ: Spearman's correlation, p: two-sided Mantel test, which "
    "relabels the tasks. Named: the pairs (source → target) farthest from the line through the ranks, one per target.",
    decimals=4,
)

MVLPT_FIGURES = {
    "mvlpt_figure1": mvlpt_figure1,
    "mvlpt_figure4": mvlpt_figure4,
    "mvlpt_figure5": mvlpt_figure5,
    "mvlpt_figure6": mvlpt_figure6,
    "mvlpt_figure_similarity": mvlpt_figure_similarity,
}
