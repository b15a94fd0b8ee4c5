"""YAML files of ours, read as DVC reads them and checked; whatever is wrong is one line."""

import reprlib
from collections.abc import Callable, Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import MarkedYAMLError, YAMLError
from ruamel.yaml.nodes import Node

from imharmony.errors import InputError
from imharmony.storage.names import NAME
from imharmony.storage.small_files import read_small
from pipeline.params.parsed import parsed

T = TypeVar("T")

LARGEST = 1 << 20  # bytes; the project's own file has some twenty thousand
MOST_VALUES = 100_000  # that a file may stand for once its aliases are followed

Place = tuple[Any, ...]


class _Shown(reprlib.Repr):
    """Values of any kind and size, in a few words."""

    def repr_int(self, x: int, level: int) -> str:  # noqa: ARG002
        return str(x) if -(10**30) < x < 10**30 else f"a number of {x.bit_length()} bits"


_SHOWN = _Shown()
_SHOWN.maxstring = _SHOWN.maxother = 80
_SHOWN.maxlevel = 3


def read_yaml(
    path: Path,
    kind: type[T],
    *,
    fill: Callable[[dict[str, Any]], dict[str, Any]] = lambda tree: tree,
    place: Callable[[Place, dict[str, Any]], Place] = lambda location, _tree: location,
) -> T:
    """The file's tree as this type, by YAML 1.2 (PyYAML would read ``1e-5`` as a text).

    ``fill`` completes the tree before it is checked; ``place`` says where in the file that stands which is wrong in the filled one.
    """
    return parse_yaml(read_text(path), path, kind, fill=fill, place=place)


def parse_yaml(
    text: str,
    path: Path,
    kind: type[T],
    *,
    fill: Callable[[dict[str, Any]], dict[str, Any]] = lambda tree: tree,
    place: Callable[[Place, dict[str, Any]], Place] = lambda location, _tree: location,
) -> T:
    """The same of a text that stands in the file, or is to."""
    tree = _tree_of(text, path)
    adapter = TypeAdapter(kind)
    try:
        filled = fill(tree) if isinstance(tree, dict) else tree
        found = adapter.validate_python(filled)
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error, lambda location: place(location, tree))}") from error
    for location, came, expected in _conversions(filled, adapter.dump_python(found)):
        raise InputError(f"{path}: {_key(place(location, tree))}: expected {expected}; got {_SHOWN.repr(came)}")
    return found


def read_text(path: Path) -> str:
    """A file of parameters, whole and as it is; one that is absent, larger than any or not UTF-8 is an ``InputError``."""
    try:
        return read_small(path, at_most=LARGEST).decode("utf-8")
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run from the repository's root") from error
    except UnicodeDecodeError as error:
        line = error.object.count(b"\n", 0, error.start) + 1
        raise InputError(f"{path}: line {line} is not UTF-8; expected a text in UTF-8; save it as such") from error


def _tree_of(text: str, path: Path) -> Any:
    try:
        return parsed(text, partial(_parse, path=path))
    except YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {_said(error)}") from error
    except RecursionError as error:
        raise InputError(f"{path}: not valid YAML: nested too deeply; expected sections within a few sections") from error
    except (ValueError, TypeError, OverflowError) as error:  # a date or number that none is, a key that cannot be one
        problem = "a number of thousands of digits" if "digits" in str(error) else " ".join(str(error).split())[:200]
        raise InputError(f"{path}: not valid YAML: {problem}; expected values as params.yaml came with; correct it") from error


def _parse(text: str, path: Path) -> Any:
    yaml = YAML(typ="safe", pure=True)
    root = yaml.compose(text)
    if "*" in text:  # an alias may stand for very much
        _expect_modest(path, root)
    return None if root is None else yaml.constructor.construct_document(root)


def _said(error: YAMLError) -> str:
    if not isinstance(error, MarkedYAMLError) or error.problem_mark is None:
        return " ".join(str(error).split())[:200]
    parts = (error.context, error.problem)
    return f"line {error.problem_mark.line + 1}: {' '.join(' '.join(filter(None, parts)).split())[:200]}"


def _expect_modest(path: Path, root: Node | None) -> None:
    """A few lines of aliases to aliases can stand for more values than any memory holds."""
    counts: dict[int, int | None] = {}  # by node; None: its values are being counted, so that it holds itself

    def values_of(node: Node) -> int:
        if id(node) not in counts:
            counts[id(node)] = None
            counts[id(node)] = 1 + sum(values_of(child) for child in _children(node))
        count = counts[id(node)]
        if count is None or count > MOST_VALUES:
            raise InputError(f"{path}: its aliases stand for more than {MOST_VALUES:,} values; expected few or none; write them out")
        return count

    if root is not None:
        values_of(root)


def _children(node: Node) -> Iterator[Node]:
    for part in node.value if isinstance(node.value, list) else ():
        yield from part if isinstance(part, tuple) else (part,)


def _conversions(came: Any, kept: Any, location: Place = ()) -> Iterator[tuple[Place, Any, str]]:
    """Where a text or a truth value was taken for a number, or a number or text for a truth value, and what was expected there."""
    if isinstance(came, Mapping) and isinstance(kept, Mapping):
        for key in came.keys() & kept.keys():
            yield from _conversions(came[key], kept[key], (*location, key))
    elif isinstance(came, list | tuple) and isinstance(kept, list | tuple):
        for position, pair in enumerate(zip(came, kept, strict=False)):
            yield from _conversions(*pair, (*location, position))
    elif isinstance(kept, bool) and not isinstance(came, bool):
        yield location, came, "true or false"
    elif isinstance(kept, int | float) and not isinstance(kept, bool) and (isinstance(came, bool) or not isinstance(came, int | float)):
        yield location, came, "a number"


def _first_problem(error: ValidationError, place: Callable[[Place], Place]) -> str:
    """What is wrong and where, in a line: one problem, and how many more there are."""
    # A misspelt key is also a missing one: the spelling is what the user can see.
    first = min(error.errors(include_url=False), key=lambda problem: problem["type"] != "extra_forbidden")
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    came = "" if first["type"] in {"missing", "value_error"} else f"; got {_SHOWN.repr(first['input'])}"
    unknown = first["type"] == "extra_forbidden"
    hint = "unknown key; remove it or check its spelling" if unknown else first["msg"].removeprefix("Value error, ")
    return f"{_key(place(first['loc']))}: {hint}{came}{more}"


def _key(location: Place) -> str:
    """A key as it is written in a path of keys; one that is no name is quoted, whatever it holds."""
    parts = [str(part) if isinstance(part, int) or part == "[key]" or NAME.fullmatch(str(part)) else _SHOWN.repr(part) for part in location]
    return ".".join(parts) or "top level"
