"""Two pictures of the world for the report: the corpus with its captions, and the tasks."""

from collections.abc import Callable
from pathlib import Path
from random import Random
from zlib import crc32

import numpy as np
from PIL import Image, ImageDraw

from reprompt.cells.parameters import RenderedData
from reprompt.foundation.atomic import written_whole
from reprompt.miniature.canvas import SIZE, font
from reprompt.miniature.captions import caption
from reprompt.miniature.styles import STYLES
from reprompt.miniature.tasks import TASKS, WorldSettings, render_images
from reprompt.miniature.world import FAMILIES, Attributes, Conditions, Family, render
from reprompt.tasks.card import card_of
from reprompt.tasks.groups import members

ENLARGED = 2 * SIZE  # pictures are shown at twice their size, pixel by pixel
GAP = 4
MARGIN = 24
ROW = ENLARGED + GAP
LABELS = 240  # width of the column on the left
CAPTIONS = 520  # width of the column on the right
PAPER, INK, FAINT = (255, 255, 255), (25, 25, 28), (110, 110, 115)
COLOURS_IN_FILE = 64  # a palette keeps the file small; the pictures' noise compresses badly


def _write(canvas: Image.Image, place: tuple[int, int], text: str, pixels: int, ink: tuple[int, int, int]) -> None:
    ImageDraw.Draw(canvas).text(place, text, fill=ink, font=font("DejaVuSans", pixels))


def _paste_row(canvas: Image.Image, images: np.ndarray, top: int) -> None:
    for column, image in enumerate(images):
        enlarged = Image.fromarray(image).resize((ENLARGED, ENLARGED), Image.Resampling.NEAREST)
        canvas.paste(enlarged, (MARGIN + LABELS + column * ROW, top))


def _label(canvas: Image.Image, top: int, name: str, below: str) -> None:
    _write(canvas, (MARGIN, top + 14), name, 20, INK)
    _write(canvas, (MARGIN, top + 42), below, 15, FAINT)


def _in_palette(canvas: Image.Image) -> Image.Image:
    return canvas.quantize(COLOURS_IN_FILE, dither=Image.Dither.NONE)


def _family_row(family: Family, pictures: int, styled: int) -> list[tuple[np.ndarray, Attributes, str]]:
    """Pictures of evenly spread concepts, the last ones in a style, with what they show."""
    step = max(1, len(family.concepts) // pictures)
    styles, row = list(STYLES)[1:], []
    for i in range(pictures):
        concept = family.concepts[i * step % len(family.concepts)]
        seed = crc32(f"contact sheet/{family.name}/{i}".encode())
        style = Random(seed).choice(styles) if i >= pictures - styled else ""
        image, attributes = render(family.name, concept, seed, Conditions(style=style))
        row.append((image, attributes, concept))
    return row


def _short_caption(family: str, concept: str, attributes: Attributes, rng: Random) -> str:
    """The first caption that fits in the column."""
    while True:
        text = caption(family, concept, attributes, rng)
        if font("DejaVuSans", 16).getlength(text) < CAPTIONS:
            return text


def corpus_sheet(pictures: int = 18, styled: int = 4) -> Image.Image:
    """Every family in a row, its last pictures in a style, with captions of the first, the middle and the last one."""
    right = MARGIN + LABELS + pictures * ROW
    canvas = Image.new("RGB", (right + CAPTIONS + MARGIN, 2 * MARGIN + len(FAMILIES) * ROW), PAPER)
    for number, family in enumerate(FAMILIES.values()):
        top = MARGIN + number * ROW
        row = _family_row(family, pictures, styled)
        count = len(family.concepts)
        _label(canvas, top, family.name, f"{count} concepts")
        _paste_row(canvas, np.stack([image for image, _, _ in row]), top)
        rng = Random(crc32(f"captions/{family.name}".encode()))
        for line, (_, attributes, concept) in enumerate((row[0], row[pictures // 2], row[-1])):
            text = _short_caption(family.name, concept, attributes, rng)
            _write(canvas, (right + 12, top + 4 + 26 * line), text, 16, INK)
    return _in_palette(canvas)


def tasks_sheet(world: WorldSettings, pictures: int = 13) -> Image.Image:
    """Every task in a row: training pictures of its first classes, what it stands for and its template."""
    blocks = [[task for task in TASKS if task in members(group)] for group in ("datasets11", "imagenet4", "elevater12")]
    right = MARGIN + LABELS + pictures * ROW
    height = 2 * MARGIN + len(TASKS) * ROW + (len(blocks) - 1) * MARGIN
    canvas = Image.new("RGB", (right + CAPTIONS + MARGIN, height), PAPER)
    top = MARGIN
    for block in blocks:
        for name in block:
            class_names, card = TASKS[name].class_names, card_of(name)
            _label(canvas, top, card.rendered.label, f"{len(class_names)} classes")
            _paste_row(canvas, render_images(name, "train", range(pictures), world), top)
            _write(canvas, (right + 12, top + 14), card.rendered.stands_for, 18, INK)
            _write(canvas, (right + 12, top + 42), f"“{card.template.format(class_names[0])}”", 16, FAINT)
            top += ROW
        top += MARGIN
    return _in_palette(canvas)


def _save(sheet: Image.Image, out: Path) -> None:
    with written_whole(out) as unfinished:
        sheet.save(unfinished, "png", optimize=True)


def write_corpus_sheet(data: RenderedData, out: Path) -> None:
    """Write the corpus sheet, which is the same for all parameters."""
    _save(corpus_sheet(), out)


def write_tasks_sheet(data: RenderedData, out: Path) -> None:
    """Write the tasks sheet."""
    world = WorldSettings(
        render_seed=data.render_seed, habit_probability=data.habit_probability, habit_strength=data.habit_strength
    )
    _save(tasks_sheet(world), out)


SHEETS: dict[str, Callable[[RenderedData, Path], None]] = {"corpus": write_corpus_sheet, "tasks": write_tasks_sheet}
