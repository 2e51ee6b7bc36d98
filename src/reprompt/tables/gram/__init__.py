"""The tables of GRAM (Li et al., ICCV 2023, arXiv:2303.06571), published beside regenerated."""

from reprompt.tables.gram.ablations import gram_table6, gram_table7
from reprompt.tables.gram.base_to_new import gram_table1
from reprompt.tables.gram.transfer import gram_table2, gram_table3, gram_table4, gram_table5

GRAM_TABLES = {
    "gram_table1": gram_table1,
    "gram_table2": gram_table2,
    "gram_table3": gram_table3,
    "gram_table4": gram_table4,
    "gram_table5": gram_table5,
    "gram_table6": gram_table6,
    "gram_table7": gram_table7,
}

__all__ = ["GRAM_TABLES", *GRAM_TABLES]
