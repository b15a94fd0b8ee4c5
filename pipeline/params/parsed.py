"""What a text of YAML stands for, kept beside the run's work: each process of a run reads ``params.yaml``, and parsing takes .3 s."""

import json
from collections.abc import Callable
from contextlib import suppress
from hashlib import sha256
from importlib.metadata import version
from pathlib import Path
from typing import Any

from imharmony.errors import InputError
from imharmony.storage.files import write_text

WORK = Path(".work")  # not made for this alone
KEPT = WORK / "parsed.json"


def parsed(text: str, parse: Callable[[str], Any]) -> Any:
    """What ``parse`` makes of the text, or made of it before. Only what JSON says as well, type for type, is kept: one text, the last."""
    key = sha256(f"{version('ruamel.yaml')} {text}".encode()).hexdigest()
    with suppress(OSError, ValueError, KeyError, TypeError):  # absent, damaged or of somebody else
        kept = json.loads(KEPT.read_bytes())
        if kept["key"] == key:
            return kept["tree"]
    tree = parse(text)
    if WORK.is_dir() and _is_plain(tree):
        with suppress(OSError, InputError, ValueError):  # no place for it, or a number of thousands of digits
            write_text(KEPT, json.dumps({"key": key, "tree": tree}))
    return tree


def _is_plain(tree: Any) -> bool:
    if isinstance(tree, dict):
        return all(type(key) is str and _is_plain(value) for key, value in tree.items())
    if isinstance(tree, list):
        return all(map(_is_plain, tree))
    return tree is None or type(tree) in {bool, int, str} or (type(tree) is float and tree - tree == 0)
