"""What everything stands on: random streams, whole writes, locks, cost files, the hash of the code."""
