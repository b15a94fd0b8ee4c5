"""A cell of the graph, and what of the parameters counts in it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from pydantic_core import to_jsonable_python

Table = tuple[str, str]  # its module and its name
PUBLISHED_GENERATORS: Table = ("imharmony.networks.published", "PUBLISHED_GENERATORS")  # of which most cells use none


@dataclass(frozen=True)
class Cell:
    """One cell of a stage; ``name`` is "" for a stage of one. ``choices`` are the entries that it uses of tables of the library."""

    stage: str
    name: str
    values: Mapping[str, Any]
    choices: Mapping[Table, frozenset[str]]
    entry: tuple[str, str]

    @property
    def address(self) -> str:
        """As DVC calls it."""
        return f"{self.stage}@{self.name}" if self.name else self.stage


def cell_of(
    stage: str,
    name: str,
    values: Mapping[str, Any],
    choices: Mapping[Table, Iterable[str]] | None = None,
    *,
    entry: tuple[str, str] | None = None,
) -> Cell:
    """A cell whose stage has its name, or with an ``entry`` of its own, a module and a function."""
    used = {PUBLISHED_GENERATORS: frozenset[str]()} | {table: frozenset(keys) for table, keys in (choices or {}).items()}
    return Cell(stage, name, {key: plain(value) for key, value in values.items()}, used, entry or (f"stages.{stage}", "main"))


def plain(value: Any, *, leave_out: Iterable[str] = ()) -> Any:
    """A value of the parameters as JSON, without keys that say nothing (null, false, 0, {}): a new one changes what gives it a value.

    An empty list or text is said, because null is not the same: no licence is not every licence.
    """
    tree = to_jsonable_python(value)
    return _telling({key: each for key, each in tree.items() if key not in set(leave_out)} if isinstance(tree, dict) else tree)


def _telling(tree: Any) -> Any:
    if isinstance(tree, dict):
        return {key: _telling(value) for key, value in tree.items() if value not in (None, False, 0, {})}
    return [_telling(value) for value in tree] if isinstance(tree, list | tuple) else tree
