"""YAML files of ours, read as DVC reads them and checked; whatever is wrong is one line."""

from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

from pydantic import TypeAdapter, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from imharmony.errors import InputError

T = TypeVar("T")


Place = tuple[Any, ...]


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
    tree: Any = None
    try:
        tree = YAML(typ="safe", pure=True).load(path)
        return TypeAdapter(kind).validate_python(fill(tree) if isinstance(tree, dict) else tree)
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run from the repository's root") from error
    except YAMLError as error:
        raise InputError(f"{path}: not valid YAML: {' '.join(str(error).split())}") from error
    except ValidationError as error:
        raise InputError(f"{path}: {_first_problem(error, lambda location: place(location, tree))}") from error


def _first_problem(error: ValidationError, place: Callable[[Place], Place]) -> str:
    """What is wrong and where, in a line: one problem, and how many more there are."""
    # A misspelt key is also a missing one: the spelling is what the user can see.
    first = min(error.errors(), key=lambda problem: problem["type"] != "extra_forbidden")
    key = ".".join(str(part) for part in place(first["loc"]))
    more = f" (and {error.error_count() - 1} more)" if error.error_count() > 1 else ""
    came = "" if first["type"] in {"missing", "value_error"} else f"; got {first['input']!r}"
    unknown = first["type"] == "extra_forbidden"
    hint = "unknown key; remove it or check its spelling" if unknown else first["msg"].removeprefix("Value error, ")
    return f"{key or 'top level'}: {hint}{came}{more}"
