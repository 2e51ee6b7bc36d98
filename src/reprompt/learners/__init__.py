"""The learner axis: what is learned, and where it enters CLIP.

A module gives one of three things: `Learner(backbone, class_names, settings)`, whose `forward` the loop trains;
`solve(...)`, a classifier fitted at once; or `classes(...)`, class features with nothing learned.
"""
