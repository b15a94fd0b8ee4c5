"""Which files of ours a stage runs, read from the imports, so that DVC reruns it when one of them changes and at no other time."""

import ast
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

from imharmony.storage.files import sha256_of

OURS = ("imharmony", "pipeline", "reporting", "stages")


def code_reached_from(module: str) -> set[str]:
    """Paths of our files that importing ``module`` reads, directly or not. Empty ``__init__.py`` files do not count.

    A file whose name stands in the module beside it counts too: one that is started by its path is not imported.
    """
    reached: set[str] = set()
    waiting = [_file_of(module)]
    while waiting:
        path = waiting.pop()
        if path is None or path.as_posix() in reached:
            continue
        reached.add(path.as_posix())
        modules, files = _named_in(path.read_text(encoding="utf-8"))
        waiting += [*map(_file_of, modules), *(beside for name in files if (beside := path.with_name(name)).is_file())]
    return {path for path in reached if Path(path).stat().st_size > 0}


def fingerprint(files: Iterable[str]) -> str:
    """A line for each file, with the SHA-256 of what is in it, as ``sha256sum`` writes and checks them."""
    return "".join(f"{sha256_of(Path(path))}  {path}\n" for path in sorted(files))


@cache
def _named_in(text: str) -> tuple[list[str], list[str]]:
    """The modules of ours that a module imports, and what it names like the file of one. Most are read by many stages."""
    modules, files = [], []
    for node in ast.walk(ast.parse(text)):
        if isinstance(node, ast.Import):
            modules += _ours(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            modules += _ours([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)])
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and Path(node.value).suffix == ".py":
            files.append(Path(node.value).name)
    return modules, files


def _ours(modules: Iterable[str]) -> Iterator[str]:
    """Those that are ours, and the packages that they lie in."""
    for module in modules:
        parts = module.split(".")
        if parts[0] in OURS:
            yield from (".".join(parts[:length]) for length in range(1, len(parts) + 1))


def _file_of(module: str) -> Path | None:
    """The file of a module or package; None for a name inside a module."""
    path = Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
