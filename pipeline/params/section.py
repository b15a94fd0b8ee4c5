"""What the parts of ``params.yaml`` are made of."""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, with_config

Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0)]
Count = Annotated[int, Field(ge=1)]


class Section(BaseModel):
    """A part of ``params.yaml``: frozen, and strict about its keys."""

    model_config = ConfigDict(frozen=True, extra="forbid")


def strict(kind: type) -> None:
    """Makes a frozen dataclass of the library a section: its annotations say what its values may be; unknown keys are refused."""
    with_config(ConfigDict(extra="forbid"))(kind)
