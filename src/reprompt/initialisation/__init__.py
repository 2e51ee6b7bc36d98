"""The initialisation axis: where a prompt starts. A module gives `start(backbone, settings, stream)`."""
