"""The tables and figures of the papers, and the experiments whose records they read."""

from dataclasses import dataclass
from typing import Literal


@dataclass(frozen=True)
class PaperOutput:
    """A table or figure: its name (also its function's), what it shows, and where its numbers come from."""

    name: str
    title: str
    experiments: tuple[str, ...]

    @property
    def study(self) -> str:
        return self.name.partition("_")[0]

    @property
    def kind(self) -> Literal["table", "figure"]:
        """Table or figure, as the name says."""
        return "table" if self.name.partition("_")[2].startswith("table") else "figure"


TRANSFER = ("imbalanced_transfer", "imbalanced_losses_transfer")
ADAPTED = ("elevater", "cross_task")  # to one task each, from a random start and from a source prompt
GRID = ("transfer_grid",)
FOLLOWED = ("gram_curves", "gram_adapted")  # GRAM's learners by epoch, alone and from a meta-learned start
ACROSS = ("gram_transfer", "gram_transfer_adapted")
# What shows GRAM's corpus; these read no records but what the clustering left.
CORPUS_FIGURES = (
    PaperOutput("gram_figure_filter", "Which image-text pairs stay in the corpus", ()),
    PaperOutput("gram_figure_topics", "The topics of the corpus and the domains in them", ()),
)
OUTPUTS = (
    PaperOutput(
        "prograd_table1", "Few-shot classification, average over 11 tasks", ("few_shot", "few_shot_template_start")
    ),
    PaperOutput("prograd_table2", "Domain generalisation from ImageNet, four backbones", ("cross_domain",)),
    PaperOutput("prograd_table3", "Base-to-new generalisation, average over 11 tasks", ("base_to_new",)),
    PaperOutput("prograd_table4", "Cross-dataset transfer from ImageNet", ("cross_dataset",)),
    PaperOutput(
        "prograd_table5",
        "ProGrad and distillation (LwF) at five weights",
        ("few_shot", "few_shot_lwf", "few_shot_template_start"),
    ),
    PaperOutput("prograd_table6", "A cosine classifier with and without ProGrad", ("few_shot",)),
    PaperOutput("prograd_table7", "The effect of lambda", ("few_shot_lambda",)),
    PaperOutput(
        "prograd_figure1",
        "Training longer, without augmentation, on few images",
        ("few_shot", "few_shot_no_augmentation"),
    ),
    PaperOutput("prograd_figure2", "Where prompts make CLIP look", ("gradient_strategies",)),
    PaperOutput("prograd_figure3", "Removing what conflicts with the general direction", ()),
    PaperOutput("prograd_figure4", "Few-shot classification on 11 tasks", ("few_shot",)),
    PaperOutput("prograd_figure5", "What ProGrad gets wrong and CoOp right", ("few_shot",)),
    PaperOutput("prograd_figure6", "The angle between G_d and G_g during training", ("few_shot_angles",)),
    PaperOutput("prograd_figure7", "An oracle for the general direction", ("few_shot",)),
    PaperOutput("npt_table1", "Base-to-novel generalisation under class imbalance", ("imbalanced",)),
    PaperOutput("npt_table2", "Cross-dataset transfer under class imbalance", ("imbalanced_transfer",)),
    PaperOutput("npt_table3", "Each loss alone", ("imbalanced", "imbalanced_losses", *TRANSFER)),
    PaperOutput("npt_table4", "Domain generalisation under class imbalance", ("imbalanced_transfer",)),
    PaperOutput("npt_figure1", "Text and image features of EuroSAT", ("collapse_picture",)),
    PaperOutput("npt_figure2", "Neural collapse and generalisation", ("imbalanced",)),
    PaperOutput("npt_figure4", "What NPT adds to MaPLe on base and novel classes", ("imbalanced",)),
    PaperOutput("npt_figure5", "Sensitivity to w1 and w2", ("imbalanced", "imbalanced_weights")),
    PaperOutput("mvlpt_table1", "Cross-task generalisation to 12 tasks", (*ADAPTED, "elevater_few", "multitask_11")),
    PaperOutput(
        "mvlpt_table2",
        "Few-shot ELEVATER, 20 tasks at 20 shots",
        ("elevater_zero_shot", "elevater", "adapted", "grouped", "grouped_adapted", "multitask_20"),
    ),
    PaperOutput(
        "mvlpt_table3", "Adapting alone, with the best and with the worst partners", ("adapted", "grouped_adapted")
    ),
    PaperOutput("mvlpt_table4", "Which source tasks", ("cross_task", "source_tasks", "multitask_10", "multitask_1")),
    PaperOutput("mvlpt_table5", "Which tasks are trained together", (*GRID, "grouped")),
    PaperOutput("mvlpt_table_similarity", "What explains transfer", GRID),
    PaperOutput(
        "mvlpt_figure1",
        "Three sizes of the backbone",
        ("elevater_zero_shot", *ADAPTED, "scaling", "scaling_adapted", "scaling_sources"),
    ),
    PaperOutput("mvlpt_figure4", "Transfer between 20 tasks", GRID),
    PaperOutput("mvlpt_figure5", "Context length", (*ADAPTED, "length", "length_adapted", "length_sources")),
    PaperOutput("mvlpt_figure6", "The block that unified prompts pass", ("elevater", "upt_block")),
    PaperOutput("mvlpt_figure_similarity", "Transfer against the similarity of tasks", GRID),
    PaperOutput(
        "gram_table1", "Base-to-new generalisation on 11 tasks", ("gram_base_to_new", *FOLLOWED, "gram_universal")
    ),
    PaperOutput("gram_table2", "Domain generalisation from 16 shots of ImageNet", ACROSS),
    PaperOutput("gram_table3", "Cross-dataset transfer from 16 shots of ImageNet", ACROSS),
    PaperOutput("gram_table4", "Domain generalisation from 4 shots of ImageNet", ACROSS),
    PaperOutput("gram_table5", "Cross-dataset transfer from 4 shots of ImageNet", ACROSS),
    PaperOutput(
        "gram_table6",
        "UNIGRAM without one of its parts",
        (
            *("gram_base_to_new", "gram_universal", "gram_ablation", "gram_unregulated", "gram_pretrained"),
            *("gram_no_domain_shift", "gram_no_regulator", "gram_pretraining", "gram_supervised"),
        ),
    ),
    PaperOutput("gram_table7", "How many prompt tokens", ("gram_universal", "gram_token_numbers", "gram_tokens")),
    PaperOutput("gram_figure1a", "Where CoOp starts", ("gram_initialisations", "gram_context", *FOLLOWED)),
    PaperOutput("gram_figure1b", "CoOp as training continues", ("gram_base_to_new", "gram_long", *FOLLOWED)),
    PaperOutput("gram_figure3a", "Test accuracy during training", ("gram_base_to_new", *FOLLOWED)),
    PaperOutput("gram_figure3b", "Agreement of support and query gradient", ("gram",)),
)
