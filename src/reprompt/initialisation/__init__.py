"""The axis of starts: where a prompt starts.

A module gives `start(learner, how, stream, handed_over)`: the learned tensors of one run, given what the setting
`initialisation` says ("random" or a phrase) and the prompts that its experiment hands over, if any.
"""
