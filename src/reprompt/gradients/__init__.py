"""The gradient-rule axis: what happens to the gradient before the step.

A module gives `rule(settings)`: from the settings of R runs, which differ in those `of_a_run` alone, to a
function from a `TrainingStep` to the task losses (R,) and one gradient per learned tensor, each (R, ...).
"""
