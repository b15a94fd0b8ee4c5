"""What a variant learns from: one data set, several together, or several with a weight for each."""

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import PlainValidator

from imharmony.storage.names import alike, problem_of
from pipeline.params.section import HEAVIEST

JOINS = "+"  # of the names in one text; no name has it

# A name; names in order: sizes decide; names in order, each with its weight.
Mixture = str | list[str] | dict[str, float]


def _mixture(given: Any) -> Mixture:
    """As it is kept: data sets in the order of their names, since it does not matter, and one alone as its name."""
    if isinstance(given, str):
        return _names([given])[0]
    if not isinstance(given, list | tuple | dict) or not given:
        raise ValueError(f"is {str(given)[:80]!r}; expected a data set, a list of them, or a mapping of them to weights")
    names = _names(list(given))
    weights = {name: _weight(name, given[name]) for name in sorted(names)} if isinstance(given, dict) else None
    if len(names) == 1:
        return names[0]
    return sorted(names) if weights is None else weights


def _names(given: list[Any]) -> list[str]:
    for name in given:
        if problem := problem_of(name):
            raise ValueError(f"a data set's name {problem}")
    if (again := alike(given)) is not None:
        raise ValueError(f"{again!r} comes twice, counting small and large letters as equal; expected each data set once; give it a weight")
    return given


def _weight(name: str, given: Any) -> float:
    if isinstance(given, bool) or not isinstance(given, int | float) or not 0 < given <= HEAVIEST:
        raise ValueError(
            f"the weight of {name} is {str(given)[:80]!r}; expected a number above 0, at most {HEAVIEST:g}, or no such data set"
        )
    return float(given)


DatasetMixture = Annotated[Mixture, PlainValidator(_mixture)]


def names_in(mixture: Mixture) -> list[str]:
    """The data sets of a mixture, in the order of their names."""
    return [mixture] if isinstance(mixture, str) else list(mixture)


def weights_in(mixture: Mixture) -> dict[str, float] | None:
    """Their weights; None where sizes decide."""
    return mixture if isinstance(mixture, dict) else None


def stood_in(mixture: Mixture, stand_ins: Mapping[str, str]) -> Mixture:
    """The mixture with what stands in for its data sets; two that have one stand-in are one, with the sum of their weights."""
    if isinstance(mixture, str):
        return stand_ins.get(mixture, mixture)
    chosen = dict.fromkeys(sorted(stand_ins.get(name, name) for name in mixture), 0.0)
    if len(chosen) == 1:
        return next(iter(chosen))
    if isinstance(mixture, list):
        return list(chosen)
    for name, weight in mixture.items():
        chosen[stand_ins.get(name, name)] += weight
    return chosen


def label_of(mixture: Mixture) -> str:
    """The names in one text, as columns and checkpoints have it: ``objects+people``."""
    return JOINS.join(names_in(mixture))


def words_of(mixture: Mixture) -> str:
    """The same for people, with the weights: ``objects (1) + people (2)``."""
    weights = weights_in(mixture)
    return " + ".join(name if weights is None else f"{name} ({weights[name]:g})" for name in names_in(mixture))
