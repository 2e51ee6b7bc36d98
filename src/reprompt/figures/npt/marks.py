"""What NPT's figures share beside the page: how methods look, and numbers near 1."""

# Okabe and Ito's palette, told apart by readers with any colour vision; the markers tell them apart in grey.
COLOURS = {"zero_shot": "#000000", "cocoop": "#D55E00", "maple": "#0072B2", "maple_npt": "#009E73"}
MARKERS = {"zero_shot": "*", "cocoop": "^", "maple": "o", "maple_npt": "D"}


def signed(number: float, decimals: int) -> str:
    """A number with a proper minus sign."""
    return f"{number:.{decimals}f}".replace("-", "−")
