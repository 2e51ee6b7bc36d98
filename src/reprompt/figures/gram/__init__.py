"""The figures of GRAM (Li et al., ICCV 2023, arXiv:2303.06571). Figure 2 is a diagram."""

from reprompt.figures.figure import FigureSpec
from reprompt.figures.gram.followed import Followed
from reprompt.figures.gram.products import STRETCHES, Products
from reprompt.figures.gram.starts import META_LEARNED, Starts
from reprompt.figures.lines import Lines, Steps
from reprompt.figures.looks import BLUE, GRAM, GREEN, ORANGE, Look
from reprompt.figures.panels import Axis, Panel
from reprompt.figures.rows import Rows

EPOCH = Axis("epoch", "epoch", whole=True)
HALVES = {"base": "base classes", "new": "new classes"}
META = {"coop_meta": "text (CoOp)", "vpt_meta": "visual (VPT)", "unigram_meta": "both (UNIGRAM)"}
READING = (
    "Mean over tasks of the accuracy on the test images after each epoch of tuning on 16 images per base class. Dashed "
    "and open: tuned alone. Filled: + GRAM. Bands: 95 % Student-t interval over seeds, shown within ten points of what "
    "was measured. Zero-shot CLIP is deterministic. The paper prints no numbers of this figure.\n"
)

gram_figure1a = FigureSpec(
    "GRAM Figure 1a. CoOp by its initialisation, 16 shots: average accuracy",
    Starts("gram_initialisations", "gram_curves", "gram_context", "gram_adapted"),
    Rows(
        (
            *(Panel(words, {"split": half}, "range_of_comparable") for half, words in HALVES.items()),
            Panel("H", {"split": "H"}, "range_of_comparable", Axis("regenerated", "H (%)")),
        ),
        Axis("regenerated", "average accuracy (%)"),
        height=0.5,
        one_scale=True,
        grid="x",
        down=Axis("initialisation", ""),
        looks={"": GRAM["coop"], META_LEARNED: GRAM["coop_gram"]},
    ),
    "Mean over tasks after tuning on 16 images per base class; H is the harmonic mean of the two averages. Open: tuned "
    "with the plain gradient, four tokens unless it says more. Filled: CoOp + GRAM, from the meta-learned start with "
    "its regulator. Bars: 95 % Student-t interval over seeds.\n"
    "Range: from the lowest to the highest open mark of four tokens; draws of the few-shot images alone make one. The "
    "paper shows one average accuracy per start, and does not say which starts; it prints no numbers of this figure.",
)

gram_figure1b = FigureSpec(
    "GRAM Figure 1b. CoOp as training continues, 16 shots: accuracy on new classes",
    Followed(("new",), ("coop", "coop_gram"), longer="gram_long"),
    Lines((Panel(""),), EPOCH, "average accuracy (%)", height=2.6, looks=GRAM),
    READING + "The paper does not say on which classes; its words are of generalisation, so these are the new ones. It "
    "says that CoOp is best at an early stage and then loses, and that GRAM prevents this. Line of dashes and dots: "
    "CoOp at the end of a longer training, which stands for the 200 epochs of Section 4.1.",
)

gram_figure3a = FigureSpec(
    "GRAM Figure 3a. Test accuracy during training, 16 shots",
    Followed(tuple(HALVES), ("coop", "coop_gram", "vpt", "vpt_gram")),
    Lines(
        tuple(Panel(words, {"split": half}) for half, words in HALVES.items()),
        EPOCH,
        "average accuracy (%)",
        height=2.5,
        looks=GRAM,
    ),
    READING + "The paper says that + GRAM adapts better to the base classes, and that on new classes CoOp and VPT fall "
    "as training continues and those with GRAM do not.",
)

gram_figure3b = FigureSpec(
    "GRAM Figure 3b. Agreement of support and query gradient during meta-training",
    Products("gram", tuple(META)),
    Steps(
        tuple(Panel(words, {"recipe": recipe}, "rise_of_product") for recipe, words in META.items()),
        Axis("step", "meta-step", whole=True),
        "normalised inner product",
        one_scale=True,
        by=("recipe", "seed"),
        looks={recipe: Look("", colour) for recipe, colour in zip(META, (ORANGE, BLUE, GREEN), strict=True)},
        value="inner_product",
        limits=(-1, 1),
        level=(0, ""),
        stretches=STRETCHES,
    ),
    "Cosine of the regulated gradient on the support sets and the gradient on the query sets, both at the prompt "
    "before the inner step, mean over the episodes of a meta-step. Thin: logged steps, a line for each run. Thick: "
    "means of 12 stretches.\n"
    "Rise: the mean of the last third of the steps less that of the first, with a 95 % interval from means of 4 blocks "
    "in each third, since neighbouring steps are not independent. The paper prints no numbers of this figure; it says "
    "that the product gradually increases.",
    decimals=4,
)

GRAM_FIGURES = {
    "gram_figure1a": gram_figure1a,
    "gram_figure1b": gram_figure1b,
    "gram_figure3a": gram_figure3a,
    "gram_figure3b": gram_figure3b,
}
