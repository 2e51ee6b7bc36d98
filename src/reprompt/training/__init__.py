"""The loop, fleets, batches, validation, the oracle, pre-training and meta-training."""
