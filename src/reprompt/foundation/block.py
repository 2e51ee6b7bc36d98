"""The types that settings are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]


class Block(BaseModel):
    """A frozen block of the parameter file that knows no keys but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)
