"""What the image tower has before its projection: made once, whatever asks for it."""

import numpy as np
import torch

from reprompt.data.pictures import Pictures
from reprompt.evaluation.images import Images


def test_every_picture_is_encoded_once_and_found_again():
    encoded = []

    def unproject(pixels):
        encoded.append(len(pixels))
        return pixels.flatten(1)

    pictures = np.arange(2 * 5 * 12, dtype=np.uint8).reshape(2, 5, 2, 2, 3)
    images = Images(torch.zeros(2, 5, 4), Pictures.of(pictures), lambda pixels: pixels.float(), unproject)
    views, indices = torch.tensor([[0, 1, 0], [1, 1, 0]]), torch.tensor([[3, 3, 3], [3, 0, 4]])
    expected = torch.from_numpy(pictures).float().flatten(2)[views, indices]
    assert torch.equal(images.batch("unprojected", views, indices), expected)
    assert sum(encoded) == 4  # of six, two pairs are there twice
    (again,) = images.batches("unprojected", [(views[:, :1], indices[:, :1])])
    assert torch.equal(again, expected[:, :1]) and sum(encoded) == 4
