"""Why a number is not there."""


class Missing(LookupError):
    """A quantity that nothing holds, and why, in words."""


class Lost(Missing):
    """A cell that the paper's table has, of which the transcription does not: its text did not survive."""
