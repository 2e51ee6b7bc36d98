"""The types that settings are made of."""

from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]
Measure = Literal["curve", "angle", "collapse", "features", "grad_cam", "similarity"]  # files of measures/
Metric = Literal["accuracy", "mean_per_class", "mean_average_precision", "area_under_roc"]  # functions of metrics.py
Group = Literal["best_2", "best_3", "worst_2", "worst_3"]  # a target task with one or two partners


class Block(BaseModel):
    """A frozen block of the parameter file that knows no keys but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
