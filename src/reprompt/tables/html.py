"""A table as a self-contained HTML page: regenerated values, the printed ones in grey beneath them."""

from html import escape

import pandas as pd
from great_tables import GT, html, loc, style

from reprompt.tables.table import Table, in_cell, pieces

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
{fragment}
</body>
</html>
"""
GREY = "#6b6b6b"
UPRIGHT = 14  # columns of numbers whose heads stand upright; those of a table of more are rotated


def to_html(table: Table) -> str:
    """The table as one page with its CSS inside; no script, no font and no image from anywhere else."""
    return PAGE.format(title=escape(table.title), fragment=fragment(table))


def embedded(page: str) -> str:
    """The fragment of a page written by `to_html`, to stand inside another page."""
    return page.split("<body>\n", 1)[1].rsplit("\n</body>", 1)[0]


def fragment(table: Table) -> str:
    """The table alone, with styles that reach no further than its own id; a table of panels is one for each band."""
    parts = [_band(table, band) for band in table.bands] if table.abreast > 1 else [_band(table, table.blocks)]
    parts[0] = parts[0].tab_header(title=table.heading, subtitle=table.setting)
    for note in table.footnotes:
        parts[-1] = parts[-1].tab_source_note(note)
    return "\n".join(part.as_raw_html() for part in parts)


def _band(table: Table, blocks: list[str]) -> GT:
    """Blocks beneath each other, or side by side if the table has panels, without heading and notes."""
    panels = table.abreast > 1
    with_gains = bool(table.gains) and not table.wide
    grouped = not panels and blocks != [""]
    if panels:
        rows = [_row(table, blocks, row) for row in table.rows(blocks[0])]
        spans = {block: [_key(panel, column) for column in table.columns] for panel, block in enumerate(blocks)}
    else:
        rows = [_row(table, [block], row) for block in blocks for row in table.rows(block)]
        spans = {label: [_key(0, column) for column in columns] for label, columns in table.spans.items()}
    heads = {
        _key(panel, column): html("<wbr>".join(map(escape, pieces(column))))
        for panel in range(len(blocks) if panels else 1)
        for column in table.columns
    }
    parts = [f"part{place}" for place in range(1, len(table.corners))]
    shown = [*heads, *(["gains"] if with_gains else [])]
    frame = pd.DataFrame(rows)[[*(["block"] if grouped else []), "row", *parts, *shown]]
    gt = (
        GT(frame, rowname_col="row", groupname_col="block" if grouped else None, id=_id(table, blocks))
        .tab_stubhead(label=table.corners[0])
        .fmt_passthrough(columns=shown, escape=False)
        .cols_label(heads | dict(zip(parts, table.corners[1:], strict=True)))
        .cols_align("center", columns=list(heads))
        .tab_options(
            table_font_size="11px" if len(heads) > UPRIGHT else "12px" if table.wide else "14px",
            heading_title_font_size="16px",
            heading_subtitle_font_size="13px",
            heading_align="left",
            heading_title_font_weight="600",
            source_notes_font_size="12px",
            column_labels_font_weight="600",
            row_group_font_weight="600",
            data_row_padding="5px",
            data_row_padding_horizontal="3px" if table.wide else "5px",
            container_overflow_x="auto",
        )
    )
    if len(heads) > UPRIGHT:
        gt = gt.cols_label_rotate(columns=list(heads), align="center", padding=4)
    if parts:
        gt = gt.cols_align("left", columns=parts)
    if panels:  # the columns of all bands stand beneath each other
        gt = gt.cols_width({"row": "7em"} | dict.fromkeys(heads, "5.5em"))
    for label, spanned in spans.items():
        gt = gt.tab_spanner(label=label, columns=spanned)
    if with_gains:
        gt = gt.cols_label(gains="Gain, where it holds").cols_align("left", columns="gains")
        gt = gt.tab_style(style=style.text(size="12px"), locations=loc.body(columns="gains"))
    return gt


def _id(table: Table, blocks: list[str]) -> str:
    """The table's name, for all bands but the first with its number."""
    place = [band[0] for band in table.bands].index(blocks[0])
    return f"{table.name}_{place + 1}" if place else table.name


def _key(panel: int, column: str) -> str:
    """What a column is called inside: panels have columns of the same name."""
    return f"{panel}: {column}" if panel else column


def _row(table: Table, band: list[str], row: str) -> dict:
    """A row over the blocks of a band; without panels a band is one block."""
    label, *parts = table.label(row)
    values = {"block": band[0], "row": label} | {f"part{place + 1}": part for place, part in enumerate(parts)}
    for panel, block in enumerate(band):
        for column in table.columns:
            values[_key(panel, column)] = _cell(table, table.at(block, row, column))
    gains = [
        f"<b>{escape(where)}</b>: {escape(words)}" if where else escape(words)
        for where, words in table.gains.get((band[0], row), [])
    ]
    values["gains"] = "" if not gains else f'<div style="min-width:16em">{"<br>".join(gains)}</div>'
    return values


def _cell(table: Table, cell: pd.Series | None) -> str:
    """Ours above with half the interval, in a wide table beneath it, then print; the verdict where cells differ."""
    if cell is None:
        return f'<span style="color:{GREY}">–</span>'
    entry = table.entry(cell)
    value = escape(entry.value) if entry.was_run else f'<i style="color:{GREY}">{entry.value}</i>'
    if beside := entry.mark or (entry.half and f"± {entry.half}"):
        value += f'{"<br>" if table.wide else " "}<span style="font-size:80%">{beside}</span>'
    beneath = escape(entry.published)
    if entry.verdict and not table.common_verdict:
        beneath += f"<br>{entry.difference} {escape(in_cell(entry.verdict))}"
    beneath = beneath and f'<br><span style="color:{GREY};font-size:80%">{beneath}</span>'
    return f'<span style="white-space:nowrap">{value}{beneath}</span>'
