"""The tables of MVLPT (arXiv:2211.11720), published beside regenerated."""

from reprompt.tables.mvlpt.ablations import mvlpt_table3, mvlpt_table4
from reprompt.tables.mvlpt.cross_task import mvlpt_table1
from reprompt.tables.mvlpt.elevater import mvlpt_table2
from reprompt.tables.mvlpt.groups import mvlpt_table5
from reprompt.tables.mvlpt.similarity import mvlpt_table_similarity

MVLPT_TABLES = {
    "mvlpt_table1": mvlpt_table1,
    "mvlpt_table2": mvlpt_table2,
    "mvlpt_table3": mvlpt_table3,
    "mvlpt_table4": mvlpt_table4,
    "mvlpt_table5": mvlpt_table5,
    "mvlpt_table_similarity": mvlpt_table_similarity,
}

__all__ = ["MVLPT_TABLES", *MVLPT_TABLES]
