"""Where a data set lies below the data root."""

from reprompt.data.files.folders import folder_of
from reprompt.tasks.card import card_of


def test_elevaters_folder_goes_before_the_own_one(tmp_path):
    card = card_of("gtsrb")
    assert folder_of(card, tmp_path) == tmp_path / "gtsrb"
    (tmp_path / card.elevater).mkdir(parents=True)
    assert folder_of(card, tmp_path) == tmp_path / "classification/gtsrb_20210923"
    assert folder_of(card_of("dtd"), tmp_path) == tmp_path / "dtd"
