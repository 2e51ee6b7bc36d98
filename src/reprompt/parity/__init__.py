"""Agreement with reference implementations: golden inputs and outputs, run through the code that the studies run."""
