"""Cross-modal hierarchical clustering (CHC) of image-text pairs: the pseudo-classes and domains of GRAM."""
