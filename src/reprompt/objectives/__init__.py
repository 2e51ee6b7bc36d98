"""The objective axis: what is minimised.

A module gives `objective(settings)`: from the settings of R runs, which differ in those `of_a_run` alone, to a
function from a learner's output and its batch to one loss per run (R,).
"""
