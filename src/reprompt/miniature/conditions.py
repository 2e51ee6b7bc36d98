"""What is asked of a picture, and what it turned out to show."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Conditions:
    """How a picture is to be taken. The defaults leave everything to chance, in a plain style.

    Families ignore what does not concern them: only words have `lines`, only tumors a number of nuclei.
    """

    style: str = ""  # a name of styles.STYLES
    shading: float = 0.0  # share of the grey image mixed into the style
    tint: tuple[float, float, float] | None = None  # factor per channel
    noise: float | None = None  # standard deviation of the sensor noise, in grey levels
    background: str | None = None
    clutter: int = 0  # small objects behind the subject
    occlusion: float = 0.0  # probability that a square hides a part
    colour: str | None = None
    size: str | None = None  # objects: "small" or "large"
    at: tuple[float, float] | None = None  # objects: the centre, as fractions of the canvas
    also: tuple[tuple[str, tuple[float, float]], ...] = ()  # further objects and their centres
    lines: tuple[str, ...] = ()  # words: what is written, line by line
    ink: tuple[int, int, int] | None = None  # words: its colour
    tilt: float = 0.12  # digits: standard deviation of the rotation, in radians
    tumor_nuclei: tuple[int, int] | None = None  # tissue: so few and faint ones; None is a plain case


@dataclass(frozen=True)
class Attributes:
    """What a caption can mention besides the concept; empty where the picture has no such thing."""

    colour: str = ""
    second_colour: str = ""
    size: str = ""
    position: str = ""
    species: str = ""
    animal: str = ""
    word: str = ""
    also: str = ""  # a second object
    background: str = ""
    style: str = ""
