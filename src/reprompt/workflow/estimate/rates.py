"""Rates: what a unit of work costs on a device, in seconds."""

from dataclasses import dataclass

from reprompt.workflow.estimate.work import KINDS, Work


@dataclass(frozen=True)
class Rates:
    """Seconds per unit of each kind of work, and of decoding one photograph; `about` says where they are from."""

    about: str
    operations: float
    batched: float
    moved: float
    launches: float
    pictures: float
    decoding: float

    def seconds(self, work: Work) -> float:
        """Seconds that work takes."""
        return sum(getattr(self, kind) * getattr(work, kind) for kind in KINDS)


# Without --calibrate. The first explain sixteen of the miniature's jobs best, drawn by the hash of their names; large
# products take 1.1e-11. The second nobody has measured for this package: half of an A100's published rate of TF32
# products, half of its memory's, and ten microseconds for each kernel.
REFERENCE = {
    "cpu": Rates(
        "one thread of an AMD EPYC, single precision",
        operations=1.5e-11,
        batched=1.5e-11,
        moved=3.9e-10,
        launches=2.5e-5,
        pictures=2.0e-8,
        decoding=0.0031,
    ),
    "cuda": Rates(
        "assumed, not measured: half of what is published for an A100 with TF32; use --calibrate",
        operations=1.3e-14,
        batched=1.3e-14,
        moved=5.3e-12,
        launches=1e-5,
        pictures=1e-8,
        decoding=0.012,
    ),
}


def reference(device: str) -> Rates:
    """Rates of a device that is not at hand. ValueError for an unknown one."""
    if device not in REFERENCE:
        raise ValueError(f"--device {device}: there is {' and '.join(REFERENCE)}")
    return REFERENCE[device]
