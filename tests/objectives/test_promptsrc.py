"""PromptSRC: prompted features and predictions are drawn to the untouched CLIP's."""

from dataclasses import replace

import pytest
import torch
import torch.nn.functional as F

from reprompt.objectives import cross_entropy, promptsrc
from reprompt.objectives.batch import Reference
from reprompt.objectives.promptsrc import image_consistency, logits_consistency, text_consistency


def settings(text=0.0, image=0.0, reduction="mean", divergence="from_frozen"):
    return promptsrc.Settings(text_weight=text, image_weight=image, reduction=reduction, divergence=divergence)


@pytest.fixture
def held(batch):
    """The batch, held to three class features and to features of its images."""
    stream = torch.Generator().manual_seed(2)
    classes, images = (torch.randn(*shape, generator=stream, dtype=torch.float64) for shape in ((3, 8), (2, 5, 8)))
    return replace(batch, reference=Reference(F.normalize(classes, dim=-1), F.normalize(images, dim=-1)))


def test_the_terms_are_those_of_the_released_code(output, held):
    """PyTorch's own losses, run by run."""
    for run in range(2):
        classes, images = held.reference.classes, held.reference.images[run]
        text, image = F.l1_loss(output.classes[run], classes), F.l1_loss(output.images[run], images)
        log_prompted = F.log_softmax(output.logits[run], dim=1)
        log_frozen = F.log_softmax(output.scale * images @ classes.T, dim=1)
        logits = F.kl_div(log_prompted, log_frozen, reduction="sum", log_target=True) / log_prompted.numel()
        assert torch.isclose(text_consistency(output, held, "mean")[run], text)
        assert torch.isclose(image_consistency(output, held, "mean")[run], image)
        assert torch.isclose(logits_consistency(output, held, "mean", "from_frozen")[run], logits)
        whole = promptsrc.objective([settings(25.0, 10.0)] * 2)(output, held)[run]
        expected = F.cross_entropy(output.logits[run], held.labels[run]) + 25 * text + 10 * image + logits
        assert torch.isclose(whole, expected)


def test_sums_are_means_times_the_numbers_that_they_are_over(output, held):
    for term, count in ((text_consistency, 8), (image_consistency, 8)):
        assert torch.allclose(term(output, held, "sum"), count * term(output, held, "mean"))
    summed, mean = (logits_consistency(output, held, reduction, "from_frozen") for reduction in ("sum", "mean"))
    assert torch.allclose(summed, 3 * mean)


def test_the_divergence_the_other_way_round_is_kl_of_the_prompted_predictions(output, held):
    for run in range(2):
        frozen = output.scale * held.reference.images[run] @ held.reference.classes.T
        divergences = [
            torch.distributions.kl_divergence(*map(torch.distributions.Categorical, (p, q)))
            for p, q in zip(output.logits[run].softmax(-1), frozen.softmax(-1), strict=True)
        ]
        ours = logits_consistency(output, held, "sum", "from_prompted")[run]
        assert torch.isclose(ours, torch.stack(divergences).mean())


def test_all_terms_are_zero_where_nothing_has_moved(output, held):
    still = replace(held, reference=Reference(output.classes[0].detach(), output.images))
    same = replace(output, classes=output.classes[:1].expand(2, -1, -1))
    for reduction in ("mean", "sum"):
        terms = [text_consistency(same, still, reduction), image_consistency(same, still, reduction)]
        terms += [logits_consistency(same, still, reduction, way) for way in ("from_frozen", "from_prompted")]
        assert torch.stack(terms).abs().max() < 1e-12


def test_every_run_has_its_own_weights(output, held):
    losses = promptsrc.objective([settings(), settings(2.0, 3.0)])(output, held)
    base = cross_entropy.loss(output, held) + logits_consistency(output, held, "mean", "from_frozen")
    added = 2 * text_consistency(output, held, "mean") + 3 * image_consistency(output, held, "mean")
    assert torch.allclose(losses, base + torch.tensor([0.0, 1.0]).double() * added)


def test_images_without_weight_do_not_count(output, held, padded, cut):
    short_output, short = cut
    loss = promptsrc.objective([settings(25.0, 10.0)] * 2)
    whole = replace(padded, reference=held.reference)
    short = replace(short, reference=Reference(held.reference.classes, held.reference.images[:, :2]))
    assert torch.allclose(loss(output, whole), loss(short_output, short))


def test_images_and_class_features_per_image_are_averaged_over_the_images(output, held):
    classes = F.normalize(torch.randn(2, 5, 3, 8, generator=torch.Generator().manual_seed(3)).double(), dim=-1)
    of_sets = torch.stack([text_consistency(replace(output, classes=classes[:, b]), held, "mean") for b in range(5)])
    assert torch.allclose(text_consistency(replace(output, classes=classes), held, "mean"), of_sets.mean(0))
