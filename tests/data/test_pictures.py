"""Pictures that are read when asked for are those that an array in memory would give."""

import numpy as np
import pytest
import torch

from reprompt.data.pictures import Pictures, laid_end_to_end

ARRAY = np.random.default_rng(0).integers(0, 255, (2, 7, 4, 4, 3), dtype=np.uint8)
OTHER = np.random.default_rng(1).integers(0, 255, (2, 5, 4, 4, 3), dtype=np.uint8)
VIEWS, INDICES = torch.tensor([[0, 1, 1], [1, 0, 0]]), torch.tensor([[6, 0, 3], [2, 2, 5]])


def test_they_come_in_the_shape_of_the_index():
    assert torch.equal(Pictures.of(ARRAY)[VIEWS, INDICES], torch.from_numpy(ARRAY)[VIEWS, INDICES])


def test_the_first_view_is_the_plain_one():
    assert np.array_equal(Pictures.of(ARRAY).plain([4, 1]).numpy(), ARRAY[0, [4, 1]])


def test_only_what_is_asked_for_is_read():
    read = []
    pictures = Pictures(lambda views, indices: read.extend(indices) or ARRAY[views, indices], 7)
    pictures[VIEWS, INDICES]
    assert read == INDICES.flatten().tolist()


@pytest.mark.parametrize("indices", [[0, 11, 6, 7], [8, 8], [1]])
def test_several_tasks_are_one_behind_the_other(indices):
    joined, which = laid_end_to_end([Pictures.of(ARRAY), Pictures.of(OTHER)]), torch.tensor(indices)
    assert joined.count == 12
    views = which % 2
    assert torch.equal(joined[views, which], torch.from_numpy(np.concatenate([ARRAY, OTHER], axis=1))[views, which])
