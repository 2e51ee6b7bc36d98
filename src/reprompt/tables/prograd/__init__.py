"""The tables of ProGrad (arXiv:2205.14865), published beside regenerated."""

from reprompt.tables.prograd.base_to_new import prograd_table3
from reprompt.tables.prograd.few_shot import prograd_table1, prograd_table5, prograd_table6
from reprompt.tables.prograd.strength import prograd_table7
from reprompt.tables.prograd.transfer import prograd_table2, prograd_table4

__all__ = [
    "prograd_table1",
    "prograd_table2",
    "prograd_table3",
    "prograd_table4",
    "prograd_table5",
    "prograd_table6",
    "prograd_table7",
]
