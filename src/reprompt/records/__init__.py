"""Files of results: records, the cell store, kept prompts, and what tells a cell apart."""
