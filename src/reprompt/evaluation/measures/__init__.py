"""What is measured of a cell beside its predictions, one file per measure, named under `measures` in params.yaml.

A measure of training has a `training_hook`, which sees every step; a measure of the result has an `evaluation_hook`,
which sees every batch of test images. Both give arrays per run, which the records keep. A measure of two tasks has a
`pair`.
"""
