"""Evaluating prompts: metrics, measures, and the images that they are evaluated on."""
