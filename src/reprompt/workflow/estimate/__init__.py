"""What the plan will cost: hours, memory and disk per rule and study, from operation counts and a short calibration."""
