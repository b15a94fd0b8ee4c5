"""``dvc.lock``: which outputs there are, and their hashes."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ruamel.yaml import YAML
from ruamel.yaml.error import YAMLError

from imharmony.errors import InputError
from imharmony.storage.small_files import read_small
from pipeline.run.conflicts import expect_no_conflict

LOCK_FILE = Path("dvc.lock")
LARGEST = 1 << 28  # bytes; one of thousands of stages has some millions
SCHEMA = "2.0"


@dataclass(frozen=True)
class Output:
    """One output of a stage as the lock has it; an MD5 that ends in ``.dir`` is that of a folder's listing."""

    stage: str
    path: str
    md5: str


def read_lock(path: Path = LOCK_FILE) -> list[Output]:
    """All outputs that a lock names; none where there is no lock."""
    try:
        text = read_small(path, at_most=LARGEST).decode("utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError as error:
        raise InputError(f"{path}: not a text; expected what DVC wrote; take the last commit's (git checkout {path})") from error
    expect_no_conflict(path)
    return outputs_in(text, name=str(path))


def outputs_in(text: str, *, name: str) -> list[Output]:
    """The same of a lock's text; ``name`` is what an ``InputError`` calls it."""
    remedy = f"take the last commit's (git checkout {name}), or delete it and run again: DVC's cache restores what is known"
    try:
        tree: dict[str, Any] | None = YAML(typ="safe").load(text)
        if tree is None:
            raise InputError(f"{name}: is empty; expected what DVC wrote; {remedy}")
        if (schema := tree.get("schema")) != SCHEMA:
            raise InputError(f"{name}: its schema is {schema!r:.80}; expected {SCHEMA!r}; {remedy}")
        stages: dict[str, Any] = tree.get("stages") or {}
        return [Output(stage, out["path"], out["md5"]) for stage, entry in stages.items() for out in entry.get("outs") or []]
    except (YAMLError, AttributeError, KeyError, TypeError, RecursionError) as error:
        raise InputError(f"{name}: not what DVC writes ({type(error).__name__}); {remedy}") from error


def hashes(path: Path = LOCK_FILE) -> dict[str, str]:
    """The hash of every output that a lock names."""
    return {output.path: output.md5 for output in read_lock(path)}
