from PIL import Image

from reprompt.miniature.contact_sheets import SHEETS, corpus_sheet, tasks_sheet
from reprompt.miniature.tasks import TASKS, WorldSettings
from reprompt.miniature.world import FAMILIES


def test_a_sheet_has_a_row_for_every_family_and_every_task():
    assert corpus_sheet(pictures=2, styled=1).height > 80 * len(FAMILIES)
    assert tasks_sheet(WorldSettings(), pictures=2).height > 80 * len(TASKS)


def test_sheets_are_repeatable_and_small_enough_for_the_repository(tmp_path):
    for name, write in SHEETS.items():
        paths = [tmp_path / f"{name}{i}.png" for i in range(2)]
        for path in paths:
            write(WorldSettings(), path)
        assert paths[0].read_bytes() == paths[1].read_bytes()
        assert paths[0].stat().st_size < 400_000
        assert Image.open(paths[0]).mode == "P"
