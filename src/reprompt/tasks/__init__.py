"""The tasks: a card each, the groups that the papers average over, and what the papers printed."""
