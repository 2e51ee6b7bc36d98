"""One card per data set: what it is, where it is had today, what it must hold on disk."""
