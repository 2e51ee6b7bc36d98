"""The papers' own numbers, as printed. README.md beside this file says what each column means."""

from reprompt.tasks.published.values import published_tables, published_values

__all__ = ["published_tables", "published_values"]
