"""Random streams: one per purpose."""

import torch

from reprompt.foundation.streams import numpy_stream, stream_seed, torch_stream


def test_two_purposes_and_two_seeds_share_no_stream():
    seeds = {
        stream_seed(s, *p) for s in (0, 1, 2) for p in [("draw", "dtd"), ("draw", "sun397"), ("batches", "dtd"), ()]
    }
    assert len(seeds) == 12


def test_seed_zero_is_a_seed():
    assert torch.equal(torch.rand(3, generator=torch_stream(0, "x")), torch.rand(3, generator=torch_stream(0, "x")))
    assert numpy_stream(0, "x").random() != numpy_stream(1, "x").random()


def test_a_stream_is_the_same_on_every_machine():
    assert stream_seed(1, "few-shot draw", "dtd", 0) == 440159494802040339
