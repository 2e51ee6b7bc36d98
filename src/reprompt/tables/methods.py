"""What the papers call the recipes, and under which id their printed values are kept."""

from dataclasses import dataclass, replace

PLAIN_WORDS = ("Zero-shot", "Linear", "Cosine", "Joint")  # labels that begin with a word, not a name


@dataclass(frozen=True)
class PaperMethod:
    """A row of a paper's table: our recipe id, its label, its published id and the row it is judged against."""

    recipe: str
    label: str
    published_id: str
    reference: str | None = None  # recipe id; the row over which the paper claims a gain
    start: str = ""  # the experiment whose prompt it starts from

    @property
    def in_a_sentence(self) -> str:
        """The label as it stands in the middle of a sentence."""
        lower = self.label[0].lower() + self.label[1:] if self.label.split()[0] in PLAIN_WORDS else self.label
        return lower.removesuffix(" (ensemble)")


METHODS = {
    method.recipe: method
    for method in (
        PaperMethod("zero_shot", "Zero-shot CLIP", "zero_shot_clip"),
        PaperMethod("prompt_ensemble", "CLIP++ (ensemble)", "clip_ensemble", "zero_shot"),
        PaperMethod("linear_probe", "Linear probe", "linear_probe", "zero_shot"),
        PaperMethod("coop", "CoOp", "coop", "zero_shot"),
        PaperMethod("cocoop", "CoCoOp", "cocoop", "zero_shot"),
        PaperMethod("prograd", "ProGrad", "prograd", "coop"),
        PaperMethod("prograd_ensemble", "ProGrad++", "prograd_ensemble", "prograd"),
        PaperMethod("prograd_oracle", "ProGrad, oracle direction", "prograd_oracle_direction", "prograd"),
        PaperMethod("prograd_general", "G_g only", "prograd_general"),
        PaperMethod("prograd_orthogonal", "G_perp only", "prograd_orthogonal"),
        PaperMethod("lwf", "LwF", "lwf_kd", "coop"),
        PaperMethod("cosine", "Cosine classifier", "cosine_classifier"),
        PaperMethod("cosine_prograd", "Cosine + ProGrad", "cosine_classifier+prograd", "cosine"),
        PaperMethod("cocoop_npt", "CoCoOp + NPT", "cocoop+npt", "cocoop"),
        PaperMethod("maple", "MaPLe", "maple", "zero_shot"),
        PaperMethod("maple_lc", "MaPLe + LC", "maple+lc", "maple"),
        PaperMethod("maple_mi", "MaPLe + MI", "maple+mi", "maple"),
        PaperMethod("maple_npt", "MaPLe + NPT", "maple+npt", "maple"),
        PaperMethod("vpt", "VPT", "vpt", "zero_shot"),
        PaperMethod("coop_gram", "CoOp + GRAM", "coop+gram", "coop", "gram"),
        PaperMethod("vpt_gram", "VPT + GRAM", "vpt+gram", "vpt", "gram"),
        PaperMethod("unigram", "UNIGRAM", "unigram", "coop_gram", "gram"),
        PaperMethod("joint", "Joint tuning", "coop+vpt_joint", "coop"),
    )
}
# GRAM, Table 6: what UNIGRAM is without one of its parts. Some have its recipe and another start.
ABLATIONS = (
    PaperMethod(
        "unigram", "UNIGRAM without domain shift", "unigram-no_domain_shift", "unigram", "gram_no_domain_shift"
    ),
    PaperMethod(
        "unigram_plain", "UNIGRAM without regulator", "unigram-no_gradient_regulating", "unigram", "gram_no_regulator"
    ),
    PaperMethod(
        "joint_pretrained", "Pre-trained joint tuning", "unigram-prompt_pretraining", "unigram", "gram_pretraining"
    ),
    PaperMethod("unigram", "UNIGRAM from labelled data", "unigram-supervised_meta", "unigram", "gram_supervised"),
    replace(METHODS["joint"], reference="unigram"),
)
META_TRAINED = {method.published_id for method in (*METHODS.values(), *ABLATIONS) if method.start}
ONE_START = (  # of everything that starts from meta-training
    "one start: of one clustering of the corpus and one seed of meta-training, which all draws share; the interval is "
    "over few-shot draws alone, and another clustering, as another processor finds, may lie outside it"
)
META_STARTS = {"gram_tokens", *(method.start for method in (*METHODS.values(), *ABLATIONS) if method.start)}
UNTUNED = ("zero_shot", "prompt_ensemble")  # their records have shots 0 and seed 0
