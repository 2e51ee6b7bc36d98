"""The papers' own numbers, as printed. README.md beside this file says what each column means."""

from reprompt.tasks.published.values import DATASETS_11, published_tables, published_values

__all__ = ["DATASETS_11", "published_tables", "published_values"]
