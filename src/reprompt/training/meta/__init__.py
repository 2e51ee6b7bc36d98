"""GRAM's bi-level loop."""
