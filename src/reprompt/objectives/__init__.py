"""The objective axis: what is minimised. A module gives `loss(outcome, labels, weights)`, one loss per run."""
