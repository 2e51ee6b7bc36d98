"""The tables of NPT (Zhu et al. 2023), published beside regenerated."""

from reprompt.tables.npt.base_to_novel import npt_table1
from reprompt.tables.npt.losses import npt_table3
from reprompt.tables.npt.transfer import npt_table2, npt_table4

NPT_TABLES = {
    "npt_table1": npt_table1,
    "npt_table2": npt_table2,
    "npt_table3": npt_table3,
    "npt_table4": npt_table4,
}

__all__ = ["NPT_TABLES", "npt_table1", "npt_table2", "npt_table3", "npt_table4"]
