"""Tasks of one's own: adding them, and trying methods on them without Snakemake."""
