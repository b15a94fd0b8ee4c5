"""What the parts of ``params.yaml`` are made of."""

from collections.abc import Sequence
from typing import Annotated, TypeVar

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, with_config

from imharmony.storage.names import alike, problem_of

MOST = 2**31 - 1  # of anything that is counted
MOST_EPOCHS = 100_000
MOST_IN_BATCH = 65_536
HEAVIEST = 1e9  # a weight beyond it leaves float32's range once it is multiplied by a loss
LARGEST_SEED = 2**32 - 1  # the released models draw from NumPy's old generator, which takes no larger one

T = TypeVar("T", bound=Sequence)


def _name(name: str) -> str:
    if problem := problem_of(name):
        raise ValueError(problem)
    return name


def _each_once(entries: T) -> T:
    if (again := alike(map(str, entries))) is not None:
        raise ValueError(f"{_shown(again)} comes twice, counting small and large letters as equal; expected each once")
    return entries


def _one_line(text: str) -> str:
    if not text.isprintable():
        raise ValueError("expected a text without line breaks or other characters that cannot be printed")
    return text


def _something(text: str) -> str:
    if not text.strip():
        raise ValueError("expected a text that is not empty")
    return text


def _shown(text: str) -> str:
    return repr(text[:80])


Fraction = Annotated[float, Field(ge=0, le=1)]
Positive = Annotated[float, Field(gt=0, le=HEAVIEST)]
Weight = Annotated[float, Field(ge=0, le=HEAVIEST)]  # 0: the term is left out
Count = Annotated[int, Field(ge=1, le=MOST)]
Epochs = Annotated[int, Field(ge=1, le=MOST_EPOCHS)]
BatchSize = Annotated[int, Field(ge=1, le=MOST_IN_BATCH)]
Seed = Annotated[int, Field(ge=0, le=LARGEST_SEED)]
Name = Annotated[str, AfterValidator(_name)]
Line = Annotated[str, Field(max_length=4096), AfterValidator(_one_line)]
Text = Annotated[Line, AfterValidator(_something)]
EachOnce = AfterValidator(_each_once)
Names = Annotated[list[Name], EachOnce]


class Section(BaseModel):
    """A part of ``params.yaml``: frozen, strict about its keys, and without numbers that are infinite or none."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)


def strict(kind: type) -> None:
    """Makes a frozen dataclass of the library a section: its annotations say what its values may be; unknown keys are refused."""
    with_config(ConfigDict(extra="forbid", allow_inf_nan=False))(kind)
