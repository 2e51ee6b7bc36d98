"""The types that settings are made of."""

from collections.abc import Mapping
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

Probability = Annotated[float, Field(ge=0, le=1)]
NonNegative = Annotated[float, Field(ge=0)]


class Block(BaseModel):
    """A frozen block of the parameter file that knows no keys but its own."""

    model_config = ConfigDict(extra="forbid", frozen=True, populate_by_name=True)

    @classmethod
    def of(cls, values: Mapping[str, Any]) -> Self:
        """The block made of those of some values that it has a key for."""
        keys = (field.alias or name for name, field in cls.model_fields.items())
        return cls.model_validate({key: values[key] for key in keys if key in values})
