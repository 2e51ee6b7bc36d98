"""The plan: what is asked for, as jobs and cells."""
