"""Which of our modules a stage runs, read from the imports, so that DVC reruns it when one of them changes."""

import ast
from collections.abc import Iterable, Iterator
from pathlib import Path

from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedSeq

OURS = ("harmonization", "pipeline", "stages")
DVC_FILE = Path("dvc.yaml")


def code_reached_from(module: str) -> set[str]:
    """Paths of our files that importing ``module`` runs, directly or not. Empty ``__init__.py`` files do not count."""
    reached: set[str] = set()
    waiting = [module]
    while waiting:
        path = _file_of(waiting.pop())
        if path is None or path.as_posix() in reached:
            continue
        reached.add(path.as_posix())
        waiting.extend(_imports_of(path))
    return {path for path in reached if Path(path).stat().st_size > 0}


def folded(files: set[str]) -> list[str]:
    """The same in fewer names: a folder stands for its files where all that it holds are among them.

    DVC's lock has an entry for each name and stage, and writing it takes as long as it has entries.
    """
    whole = {folder for folder in {Path(file).parent for file in files} if len(folder.parts) > 1 and _contents(folder) <= files}
    outermost = {folder for folder in whole if not whole.intersection(folder.parents)}
    single = {file for file in files if not outermost.intersection(Path(file).parents)}
    return sorted({folder.as_posix() for folder in outermost} | single)


def unfolded(deps: Iterable[str]) -> set[str]:
    """The files of ours that a stage's ``deps`` stand for."""
    ours = {Path(dep) for dep in deps if _is_code(dep)}
    return set().union(*(_contents(path) if path.is_dir() else {path.as_posix()} for path in ours))


def update_deps(path: Path = DVC_FILE) -> list[str]:
    """Rewrites the code part of every stage's ``deps`` in ``dvc.yaml``; returns the names of the stages that changed."""
    yaml = YAML()
    yaml.width = 4096
    yaml.preserve_quotes = True
    yaml.indent(mapping=2, sequence=4, offset=2)
    tree = yaml.load(path)
    changed = []
    for name, entry in tree["stages"].items():
        stage = entry.get("do", entry)  # of a `foreach`
        wanted = folded(code_reached_from(f"stages.{name}"))
        others = [dep for dep in stage["deps"] if not _is_code(dep)]
        if list(stage["deps"]) != wanted + others:
            stage["deps"] = CommentedSeq(wanted + others)
            changed.append(name)
    if changed:
        yaml.dump(tree, path)
    return changed


def _is_code(dep: str) -> bool:
    return dep.split("/")[0] in OURS


def _contents(folder: Path) -> set[str]:
    """What DVC sees in a folder, without files that are empty."""
    files = (path for path in folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts)
    return {path.as_posix() for path in files if path.stat().st_size > 0}


def _imports_of(path: Path) -> Iterator[str]:
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
        else:
            continue
        for name in names:
            if name.split(".")[0] in OURS:
                yield name
                yield from _parents(name)


def _parents(module: str) -> Iterator[str]:
    parts = module.split(".")
    for length in range(1, len(parts)):
        yield ".".join(parts[:length])


def _file_of(module: str) -> Path | None:
    """The file of a module or package; None for a name inside a module."""
    path = Path(*module.split("."))
    for candidate in (path.with_suffix(".py"), path / "__init__.py"):
        if candidate.is_file():
            return candidate
    return None
