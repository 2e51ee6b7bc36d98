"""The axis of starts: where a prompt starts.

A module gives `start(learner, initialisation, stream, handed_over)`: the learned tensors of one run, given the setting
`initialisation` ("random" or a phrase) and the prompts that its experiment hands over, if any.
"""
