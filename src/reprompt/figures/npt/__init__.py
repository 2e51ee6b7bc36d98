"""The figures of NPT: prompt tuning through the lens of neural collapse (Zhu et al. 2023). Figure 3 is a diagram."""

from reprompt.figures.figure import FigureSpec
from reprompt.figures.lines import Lines
from reprompt.figures.looks import DASHED, NPT, SKY, YELLOW, Look
from reprompt.figures.npt.collapse import Features, Simplexes
from reprompt.figures.npt.degrees import Degrees
from reprompt.figures.npt.gains import AVERAGE, Gains
from reprompt.figures.npt.weights import Weights
from reprompt.figures.panels import Axis, Panel
from reprompt.figures.rows import Rows
from reprompt.figures.scatter import Scatter
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

ROWS = {AVERAGE: "Average"} | {task: card_of(task).printed for task in members("datasets11")}
DEGREES = {
    "delta_lcd": Axis("degree", r"$|\Delta_{\mathrm{LCD}}|$"),
    "delta_mid": Axis("degree", r"$|\Delta_{\mathrm{MID}}|$"),
}
WEIGHTS = {
    "w1": r"$w_1$, the weight of $L_{\mathrm{LC}}$, at $w_2$ = 0.8",
    "w2": r"$w_2$, the weight of $L_{\mathrm{MI}}$, at $w_1$ = 0.3",
}
COLLAPSE = {
    "a": "Zero-shot CLIP, not tuned",
    "b": "MaPLe, τ = 1",
    "c": "MaPLe, τ = 0.01",
    "d": "MaPLe + NPT, τ = 0.01",
}

npt_figure1 = FigureSpec(
    "NPT Figure 1. Text and image features of EuroSAT's novel classes",
    Features(
        "collapse_picture",
        "eurosat",
        {"a": ("zero_shot", 1.0), "b": ("maple", 1.0), "c": ("maple", 0.01), "d": ("maple_npt", 0.01)},
    ),
    Simplexes(
        tuple(Panel(f"({panel}) {words}", {"panel": panel}) for panel, words in COLLAPSE.items()),
        Axis("x", ""),
        across=4,
        grid="none",
    ),
    "Arrows: text features, from their mean. Points: image features, at most 60 per class. Colours and numbers: the "
    "novel classes in label order. Rings: where the arrows of an exact simplex end.\n"
    "One orthogonal map per panel, for texts and images alike, onto the plane on which an exact simplex becomes this "
    "regular figure. Kept: the shares of the text features' and of the image features' variance in that plane (of an "
    "exact simplex of K classes: 2 / (K − 1)); the rest is not shown.\n"
    "Δ: equations 2 and 3, signed, from all images in all dimensions; 0 is an exact simplex, and every image on its "
    "text. The paper prints no numbers.",
    decimals=4,
)

npt_figure2 = FigureSpec(
    "NPT Figure 2. Neural collapse and base-to-novel generalisation",
    Degrees(
        "imbalanced",
        16,
        {
            "a": tuple((recipe, 1.0) for recipe in ("zero_shot", "cocoop", "maple")),
            "b": tuple((recipe, tau) for recipe in ("cocoop", "maple", "maple_npt") for tau in (1.0, 0.05, 0.01)),
        },
    ),
    Scatter(
        tuple(
            Panel(f"({panel}) {degree.label}, {words}", {"panel": panel, "delta": delta}, "pearson", degree)
            for panel, words in {"a": "balanced", "b": "under imbalance"}.items()
            for delta, degree in DEGREES.items()
        ),
        DEGREES["delta_lcd"],
        "H (%)",
        grid="none",
        up="H",
        by="recipe",
        looks=NPT,
        words="methods_and_tau",
    ),
    "Across: the mean over tasks and over base and novel classes of |Δ| (equations 2 and 3); nearer 0 is more "
    "collapsed. Up: H, the mean over tasks of the harmonic mean of base and novel accuracy.\n"
    "Bars: 95 % Student-t intervals over seeds; zero-shot CLIP is deterministic. r: Pearson's correlation of the "
    "points shown; the paper claims that it is negative, and prints no degrees.",
    decimals=4,
)

npt_figure4 = FigureSpec(
    "NPT Figure 4. Gain of NPT over MaPLe on base and novel classes (percentage points)",
    Gains("imbalanced", "maple_npt", over="maple", shots=16, taus=(0.05, 0.01)),
    Rows(
        (Panel("τ = 0.05", {"tau": 0.05}), Panel("τ = 0.01", {"tau": 0.01})),
        Axis("gain", "gain (percentage points)"),
        height=0.7,
        one_scale=True,
        common="all",
        grid="none",
        down=Axis("task", "", ticks=ROWS),
        by="split",
        looks={"base": Look("base classes", SKY), "new": Look("novel classes", YELLOW, hatch="////")},
        bars=True,
    ),
    "Accuracy of MaPLe + NPT minus accuracy of MaPLe on the same few-shot draws, in percentage points. Thin bars: 95 % "
    "Student-t intervals over seeds of the paired difference. The paper prints this figure without numbers and says "
    "that every bar is positive, and that novel classes gain more than base classes.",
)

npt_figure5 = FigureSpec(
    "NPT Figure 5. Sensitivity of H (%) to the loss weights at τ = 0.01",
    Weights(("imbalanced", "imbalanced_weights"), {"w1": 0.3, "w2": 0.8}, shots=16, tau=0.01),
    Lines(
        tuple(
            Panel(words, {"panel": panel}, "range_with_npt", Axis(panel, words[:5])) for panel, words in WEIGHTS.items()
        ),
        Axis("w1", ""),
        "H (%)",
        one_scale=True,
        grid="none",
        looks=NPT | {"maple": Look("MaPLe", NPT["maple"].colour, dash=DASHED, level=True)},
        default=True,
    ),
    "H: the mean over tasks of the harmonic mean of base and novel accuracy. Bands: 95 % Student-t intervals over "
    "seeds. Filled: the paper's default, $w_1$ = 0.3 and $w_2$ = 0.8. With $w_1$ = 0 only $L_{\\mathrm{MI}}$ is left, "
    "with $w_2$ = 0 only $L_{\\mathrm{LC}}$. Dashed: MaPLe without NPT.\n"
    "The default and MaPLe have more seeds than the other points where the records have them. The paper prints this "
    "figure without numbers and calls the accuracy relatively stable.",
)

NPT_FIGURES = {
    "npt_figure1": npt_figure1,
    "npt_figure2": npt_figure2,
    "npt_figure4": npt_figure4,
    "npt_figure5": npt_figure5,
}
