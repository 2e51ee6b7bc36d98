"""The initialisation axis: where a prompt starts. A module gives `start(learner, settings, stream, handed_over)`."""
