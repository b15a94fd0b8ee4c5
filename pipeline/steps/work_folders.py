"""``.work/``: what must survive a killed stage, keyed by everything that the result depends on.

DVC deletes a stage's outputs before it runs, so partial downloads, finished shards and training checkpoints live here.
"""

import json
from hashlib import sha256
from pathlib import Path

from pydantic import BaseModel

WORK = Path(".work")


def work_folder(stage: str, *inputs: object) -> Path:
    """The folder for this stage's partial results with these inputs, created. Equal inputs give the same folder.

    An input may be a parameter section, a plain value or the path of a file or folder, whose contents count: of code, the cell's
    fingerprint.
    """
    digest = sha256()
    for item in inputs:
        digest.update(_fingerprint(item).encode())
    folder = WORK / stage / digest.hexdigest()[:24]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def download_folder(*inputs: object) -> Path:
    """The folder for downloads from a source, created. Code does not count: what was fetched and verified stays valid."""
    folder = WORK / "downloads" / sha256("".join(_fingerprint(item) for item in inputs).encode()).hexdigest()[:24]
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def _fingerprint(item: object) -> str:
    if isinstance(item, BaseModel):
        return item.model_dump_json()
    if isinstance(item, Path):
        return _tree_digest([path for path in item.rglob("*") if path.is_file()] if item.is_dir() else [item])
    return json.dumps(item, sort_keys=True)


def _tree_digest(paths: list[Path]) -> str:
    digest = sha256()
    for path in sorted(paths):
        digest.update(str(path).encode())
        with path.open("rb") as file:
            while block := file.read(1 << 22):
                digest.update(block)
    return digest.hexdigest()
