"""Which files of ours a stage runs, read from the imports, so that DVC reruns it when one of them changes and at no other time."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from harmonization.files import sha256_of

OURS = ("harmonization", "pipeline", "stages")


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
        if path.suffix == ".py":
            waiting += _read_by(path)
    return {path for path in reached if Path(path).stat().st_size > 0}


def fingerprint(files: Iterable[str]) -> str:
    """A line for each file, with the SHA-256 of what is in it, as ``sha256sum`` writes and checks them."""
    return "".join(f"{sha256_of(Path(path))}  {path}\n" for path in sorted(files))


def _read_by(path: Path) -> Iterator[Path | None]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from map(_file_of, _ours(alias.name for alias in node.names))
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from map(_file_of, _ours([node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]))
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and Path(node.value).suffix == ".py":
            beside = path.with_name(Path(node.value).name)
            yield beside if beside.is_file() else None


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
