"""Judging prompts: metrics, measures, and the images that they are judged on."""
