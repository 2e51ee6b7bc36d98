"""What the plan will cost: hours, memory and disk per rule and study.

trace         runs code on tensors without numbers: operations, numbers moved, kernels, memory
architecture  a backbone without its weights
steps         the steps that jobs take, traced
remembered    what was traced before
traced        the same by cell and size, without PyTorch where all was traced before
sizes, jobs   how large the tasks are, and how often a job takes which step
rates         seconds per unit of work; calibrate measures them
"""
