"""A table as a self-contained HTML page: regenerated values, the printed ones in grey beneath them."""

import math
from html import escape

import pandas as pd
from great_tables import GT, loc, style

from reprompt.tables.table import Table, columns_in_words

PAGE = """<!doctype html>
<html lang="en">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>{title}</title></head>
<body>
{fragment}
</body>
</html>
"""
GREY = "#6b6b6b"


def to_html(table: Table) -> str:
    """The table as one page with its CSS inside; no script, no font and no image from anywhere else."""
    return PAGE.format(title=escape(table.title), fragment=fragment(table))


def embedded(page: str) -> str:
    """The fragment of a page written by `to_html`, to stand inside another page."""
    return page.split("<body>\n", 1)[1].rsplit("\n</body>", 1)[0]


def fragment(table: Table) -> str:
    """The table alone, with styles that reach no further than its own id."""
    rows = [_row(table, block, row) for block in table.blocks for row in table.rows(block)]
    patterned = any(row["pattern"] for row in rows)
    frame = pd.DataFrame(rows)
    grouped = table.blocks != [""]
    columns = [*(["block"] if grouped else []), "row", *table.columns, *(["pattern"] if patterned else [])]
    gt = (
        GT(frame[columns], rowname_col="row", groupname_col="block" if grouped else None, id=table.name)
        .tab_header(title=table.heading, subtitle=table.setting)
        .tab_stubhead(label=table.corner)
        .fmt_passthrough(columns=[*table.columns, *(["pattern"] if patterned else [])], escape=False)
        .cols_align("center", columns=table.columns)
        .tab_options(
            table_font_size="14px",
            heading_title_font_size="16px",
            heading_subtitle_font_size="13px",
            heading_align="left",
            heading_title_font_weight="600",
            source_notes_font_size="12px",
            column_labels_font_weight="600",
            row_group_font_weight="600",
            data_row_padding="5px",
            container_overflow_x="auto",
        )
    )
    if patterned:
        gt = gt.cols_label(pattern="Gain, where it holds").cols_align("left", columns="pattern")
        gt = gt.tab_style(style=style.text(size="12px"), locations=loc.body(columns="pattern"))
    for note in (*table.notes, *table.common_verdict):
        gt = gt.tab_source_note(note)
    return gt.as_raw_html()


def _row(table: Table, block: str, row: str) -> dict:
    values = {"block": block, "row": row}
    for column in table.columns:
        values[column] = _cell(table.at(block, row, column), with_verdict=not table.common_verdict)
    everywhere = [column for column in table.columns if table.at(block, row, column) is not None]
    pattern = [
        f"<b>{escape(columns_in_words(columns, everywhere))}</b>: {escape(words)}"
        for words, columns in table.pattern(block, row)
    ]
    values["pattern"] = "" if not pattern else f'<div style="min-width:16em">{"<br>".join(pattern)}</div>'
    return values


def _cell(cell: pd.Series | None, with_verdict: bool) -> str:
    """Value and half interval above, published below; the verdict where cells differ in it."""
    if cell is None:
        return f'<span style="color:{GREY}">–</span>'
    if math.isnan(cell["regenerated"]):
        value = f'<i style="color:{GREY}">not run</i>'
    else:
        value = f"{cell['regenerated']:.2f}"
        if not math.isnan(cell["low"]):
            value += f' <span style="font-size:80%">± {(cell["high"] - cell["low"]) / 2:.2f}</span>'
    beneath = "" if math.isnan(cell["published"]) else f"{cell['published']:.2f}"
    if with_verdict and not math.isnan(cell["difference"]):
        beneath += f"<br>{cell['difference']:+.2f} {escape(cell['verdict'].split(' (')[0])}"
    beneath = beneath and f'<br><span style="color:{GREY};font-size:80%">{beneath}</span>'
    return f'<span style="white-space:nowrap">{value}{beneath}</span>'
