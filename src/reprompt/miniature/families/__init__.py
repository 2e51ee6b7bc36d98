"""The eighteen families of concepts, each with its drawings: one module per family."""
