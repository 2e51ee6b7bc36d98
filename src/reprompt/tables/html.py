"""A table as a self-contained HTML page: regenerated values, the printed ones in grey beneath them."""

import math
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


def to_html(table: Table) -> str:
    """The table as one page with its CSS inside; no script, no font and no image from anywhere else."""
    return PAGE.format(title=escape(table.title), fragment=fragment(table))


def embedded(page: str) -> str:
    """The fragment of a page written by `to_html`, to stand inside another page."""
    return page.split("<body>\n", 1)[1].rsplit("\n</body>", 1)[0]


def fragment(table: Table) -> str:
    """The table alone, with styles that reach no further than its own id."""
    rows = [_row(table, block, row) for block in table.blocks for row in table.rows(block)]
    with_gains = bool(table.gains) and not table.wide
    frame = pd.DataFrame(rows)
    grouped = table.blocks != [""]
    columns = [*(["block"] if grouped else []), "row", *table.columns, *(["gains"] if with_gains else [])]
    gt = (
        GT(frame[columns], rowname_col="row", groupname_col="block" if grouped else None, id=table.name)
        .tab_header(title=table.heading, subtitle=table.setting)
        .tab_stubhead(label=table.corner)
        .fmt_passthrough(columns=columns[-len(table.columns) - with_gains :], escape=False)
        .cols_label({column: html("<wbr>".join(map(escape, pieces(column)))) for column in table.columns})
        .cols_align("center", columns=table.columns)
        .tab_options(
            table_font_size="12px" if table.wide else "14px",
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
    for label, spanned in table.spans.items():
        gt = gt.tab_spanner(label=label, columns=list(spanned))
    if with_gains:
        gt = gt.cols_label(gains="Gain, where it holds").cols_align("left", columns="gains")
        gt = gt.tab_style(style=style.text(size="12px"), locations=loc.body(columns="gains"))
    for note in table.footnotes:
        gt = gt.tab_source_note(note)
    return gt.as_raw_html()


def _row(table: Table, block: str, row: str) -> dict:
    values = {"block": block, "row": row}
    for column in table.columns:
        values[column] = _cell(table.at(block, row, column), not table.common_verdict, broken=table.wide)
    gains = [f"<b>{escape(where)}</b>: {escape(words)}" for where, words in table.gains.get((block, row), [])]
    values["gains"] = "" if not gains else f'<div style="min-width:16em">{"<br>".join(gains)}</div>'
    return values


def _cell(cell: pd.Series | None, with_verdict: bool, broken: bool) -> str:
    """Value and half interval above (`broken`: beneath each other), published below; the verdict where cells differ."""
    if cell is None:
        return f'<span style="color:{GREY}">–</span>'
    if math.isnan(cell["regenerated"]):
        value = f'<i style="color:{GREY}">not run</i>'
    else:
        value = f"{cell['regenerated']:.2f}"
        if not math.isnan(cell["low"]):
            half = (cell["high"] - cell["low"]) / 2
            value += f'{"<br>" if broken else " "}<span style="font-size:80%">± {half:.2f}</span>'
    beneath = "" if math.isnan(cell["published"]) else f"{cell['published']:.2f}"
    if with_verdict and not math.isnan(cell["difference"]):
        beneath += f"<br>{cell['difference']:+.2f} {escape(in_cell(cell['verdict']))}"
    beneath = beneath and f'<br><span style="color:{GREY};font-size:80%">{beneath}</span>'
    return f'<span style="white-space:nowrap">{value}{beneath}</span>'
