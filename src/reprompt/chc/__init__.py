"""Cluster-and-hierarchical-clustering of image-text pairs: GRAM's pseudo-classes and domains."""
