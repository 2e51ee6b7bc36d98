"""Running Snakemake, provenance, verifying, attesting, estimating costs."""
