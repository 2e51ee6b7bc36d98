"""Tuned prompts that leave the project: what they are made of, how they are opened, and what of them can be."""
