"""The figures of ProGrad (arXiv:2205.14865)."""

from reprompt.figures.figure import FigureSpec
from reprompt.figures.lines import Lines
from reprompt.figures.looks import BLUE, DASHED, ORANGE, PROGRAD, SKY, Look, alone
from reprompt.figures.panels import Axis, Panel
from reprompt.figures.prograd.curves import AVERAGE, SHOTS, Curve, Curves
from reprompt.figures.prograd.failures import FailureShares
from reprompt.figures.prograd.heat import HeatPictures, Heats
from reprompt.figures.prograd.projection import Diagram, Projections
from reprompt.figures.rows import Shares
from reprompt.tables.scope import swept
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

ELEVEN = {task: card_of(task).printed for task in members("datasets11")}
TUNED = ("coop", "prograd")
BY_EPOCH = {"a": "stanford_cars", "b": "oxford_pets"}
BY_SHOTS = {"c": "stanford_cars", "d": "oxford_pets"}
ANGLES = {"a": "stanford_cars", "b": "caltech101"}
EPOCH = Axis("epoch", "epoch", whole=True)
FROM_1_SHOT = Axis("shots", "shots per class", ticks={shots: f"{shots}" for shots in SHOTS})
FROM_0_SHOTS = Axis("shots", "shots per class", ticks={shots: f"{shots}" for shots in (0, *SHOTS)})
PLAIN = {recipe: alone(PROGRAD[recipe], label=f"{PROGRAD[recipe].label}, no aug.") for recipe in TUNED}
BANDS = "Bands: 95 % Student-t interval over seeds; zero-shot CLIP is deterministic. "

prograd_figure1 = FigureSpec(
    "ProGrad Figure 1. Tuning on few images, by epoch and without augmentation",
    Curves(
        ("panel", "task", "recipe", "augmented", "epoch", "shots"),
        (
            *(
                Curve(panel, recipe, task, along="curve")
                for panel, task in BY_EPOCH.items()
                for recipe in ("zero_shot", *TUNED)
            ),
            *(
                Curve(panel, recipe, task, experiment=experiment)
                for panel, task in BY_SHOTS.items()
                for experiment in ("few_shot", "few_shot_no_augmentation")
                for recipe in ("zero_shot", *TUNED)
            ),
        ),
        tuple(BY_EPOCH.values()),
    ),
    Lines(
        (
            *(
                Panel(f"({panel}) {ELEVEN[task]}, 1 shot", {"panel": panel}, x=EPOCH)
                for panel, task in BY_EPOCH.items()
            ),
            *(
                Panel(f"({panel}) {ELEVEN[task]}, with and without augmentation", {"panel": panel})
                for panel, task in BY_SHOTS.items()
            ),
        ),
        FROM_1_SHOT,
        "test accuracy (%)",
        by=("recipe", "augmented"),
        looks={(name, True): look for name, look in PROGRAD.items()} | {(name, False): PLAIN[name] for name in TUNED},
    ),
    "(a, b) Accuracy on the test images after each epoch of tuning on one image per class. (c, d) Accuracy at the end "
    "of tuning with augmented views of the images (full lines) and without (dashed).\n"
    "Bands: 95 % Student-t interval over seeds, shown within ten points of what was measured. Zero-shot CLIP is "
    "deterministic. The paper prints no numbers of this figure.",
)

prograd_figure2 = FigureSpec(
    "ProGrad Figure 2. Grad-CAM on StanfordCars by gradient strategy, 1 shot",
    Heats("gradient_strategies", "stanford_cars"),
    HeatPictures(rows=6),
    "Heat: Grad-CAM of the true class's score in the last block of the image tower, from 0 (blue) to 1 (red). Under "
    "each picture: mean heat in the outer fifth of the image on each side / in the centre, in percent; heat in the "
    "border is attention to the background. The paper prints no numbers.",
)

prograd_figure3 = FigureSpec(
    "ProGrad Figure 3. The projection, and where it stands in tuning",
    Projections({"a": ((1.5, 1.9), (2.4, 0.0)), "b": ((-1.3, 1.9), (2.4, 0.0))}),
    Diagram({"a": "(a) aligned", "b": "(b) in conflict", "c": "(c) training pipeline"}, height=1.95),
    "(a, b) Vectors of two components through equation 4 with λ = 1. (c) The pipeline; only the context is learned. No "
    "records are needed for this figure.",
)

prograd_figure4 = FigureSpec(
    "ProGrad Figure 4. Few-shot accuracy (%) by shots per class",
    Curves(
        ("panel", "recipe", "shots"),
        tuple(
            Curve(task or AVERAGE, recipe, task)
            for task in ("", *ELEVEN)
            for recipe in ("zero_shot", "linear_probe", *TUNED, "prograd_ensemble")
        ),
    ),
    Lines(
        (Panel("Average", {"panel": AVERAGE}), *(Panel(words, {"panel": task}) for task, words in ELEVEN.items())),
        FROM_0_SHOTS,
        "accuracy (%)",
        across=4,
        height=1.6,
        looks=PROGRAD,
        published="dashed",
        legend=True,
    ),
    BANDS + "Dashed, and the open star at 0 shots: Table 1 as printed.",
)

prograd_figure5 = FigureSpec(
    "ProGrad Figure 5. Images wrong under ProGrad and right under CoOp",
    FailureShares("few_shot"),
    Shares(
        (Panel("", {"task": AVERAGE}),),
        Axis("shots", "", words="shots: {shots}\n{failures} images"),
        "share of these images (%)",
        width=0.8,
        below=Look("zero-shot CLIP wrong", ORANGE),
        above=Look("zero-shot CLIP right", SKY),
    ),
    "Of the test images that ProGrad gets wrong and CoOp gets right on the same few-shot draw: the share that "
    "zero-shot CLIP gets wrong as well, a mean over tasks of the share on each task. Thin bars: 95 % Student-t "
    "interval over seeds. Under the bars: all such images of all tasks and seeds.\n"
    "The paper prints no numbers; it says that the share is high and grows with the shots.",
)

prograd_figure6 = FigureSpec(
    "ProGrad Figure 6. Angle between task and general gradient while tuning, 16 shots",
    Curves(
        ("panel", "task", "recipe", "epoch"),
        tuple(
            Curve(
                panel, name, task, "angle", "few_shot_angles", "prograd", shots=16, swept=swept(**{"lambda": strength})
            )
            for panel, task in ANGLES.items()
            for name, strength in {"coop": 0, "prograd": 1}.items()
        ),
        tuple(ANGLES.values()),
    ),
    Lines(
        tuple(Panel(f"({panel}) {ELEVEN[task]}", {"panel": panel}) for panel, task in ANGLES.items()),
        EPOCH,
        "angle (degrees)",
        one_scale=True,
        looks={"coop": Look("CoOp (λ = 0)", ORANGE, dash=DASHED), "prograd": Look("ProGrad (λ = 1)", BLUE)},
        reach=0,
        limits=(0, 180),
        include=(80, 100),
        level=(90, "90°"),
    ),
    "Mean over the steps of an epoch of the angle between $G_d$, the gradient of the cross-entropy, and $G_g$, that of "
    "the divergence from zero-shot CLIP, in the same runs from the same start. Bands: 95 % Student-t interval over "
    "seeds. The paper prints no numbers; it says that CoOp's angle goes to 90° and ProGrad's to an obtuse one.",
)

prograd_figure7 = FigureSpec(
    "ProGrad Figure 7. The upper bound of ProGrad: average accuracy (%)",
    Curves(
        ("panel", "recipe", "shots"),
        tuple(Curve(AVERAGE, recipe) for recipe in ("zero_shot", *TUNED, "prograd_oracle")),
    ),
    Lines((Panel(""),), FROM_0_SHOTS, "average accuracy (%)", width=0.85, looks=PROGRAD, published="dashed"),
    BANDS + "Oracle direction: the general gradient comes from a prompt tuned with cross-entropy on the full training "
    "set, which no few-shot method has. Dashed, and the open star: Table 1 as printed (real data, RN50); the paper "
    "prints no numbers of the oracle.",
)

PROGRAD_FIGURES = {
    "prograd_figure1": prograd_figure1,
    "prograd_figure2": prograd_figure2,
    "prograd_figure3": prograd_figure3,
    "prograd_figure4": prograd_figure4,
    "prograd_figure5": prograd_figure5,
    "prograd_figure6": prograd_figure6,
    "prograd_figure7": prograd_figure7,
}
