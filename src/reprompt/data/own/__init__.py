"""Making a task of one's own pictures: finding them, looking at each, dividing them without giving anything away."""
