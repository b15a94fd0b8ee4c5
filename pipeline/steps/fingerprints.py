"""What a cell's result depends on beside its inputs: the code that it runs, the packages that matter to it, and its parameters.

The stage ``fingerprint`` writes one small file for each cell, on which that cell depends. It runs every time, so a change of code or of
``params.yaml`` reruns the cells that it concerns and no others. ``.work/`` is keyed by the same files.
"""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

import pipeline
from imharmony.errors import InputError
from pipeline.params.file import Params
from pipeline.steps.cells import Cell, cells_of
from pipeline.steps.paths import Places
from pipeline.steps.source_code import SourceCode

ROOT = Path(pipeline.__file__).resolve().parent.parent
OURS = ("imharmony", "opinion_study", "pipeline", "reporting", "stages")

# What cannot change a result, and why. Everything else that a cell reaches counts.
LEFT_OUT = {
    "imharmony.running.cluster": "where jobs are done, not what they make",
    "imharmony.running.engine": "the same",
    "imharmony.running.processes": "the same",
    "imharmony.running.progress": "draws bars on the terminal",
    "pipeline.params": "its values stand in the fingerprint, as they were read",
    "pipeline.steps.cell": "says what stands in the fingerprint",
    "pipeline.steps.cells": "the same, of every cell",
    "pipeline.steps.choices": "the same, of tables of the library",
    "pipeline.steps.clip_cells": "the same, of clips",
    "pipeline.steps.entry": "parses a stage's arguments and says errors",
    "pipeline.steps.fingerprints": "writes and reads the fingerprints themselves",
    "pipeline.steps.git": "asks git, whose answers are no part of a result",
    "pipeline.steps.paths": "where results lie; DVC fails a stage whose output is not where it says",
    "pipeline.steps.provenance": "asks git for the commit, which is no part of a result",
    "reporting.last_words": "says the answer on the terminal",
    "reporting.run_facts": "where a report was made, which is no output",
    "pipeline.steps.source_code": "reads the code",
    "pipeline.steps.spool": "copies what a stage says for the dashboard",
    "pipeline.steps.work_folders": "where unfinished work lies",
}

# Import names of packages whose version is part of a fingerprint, with the names that they are installed by.
PACKAGES = {
    "PIL": "pillow",
    "cv2": "opencv-python",
    "dvclive": "dvclive",
    "jinja2": "jinja2",
    "lightning_fabric": "lightning-fabric",
    "lpips": "lpips",
    "markupsafe": "markupsafe",
    "matplotlib": "matplotlib",
    "numpy": "numpy",
    "pandas": "pandas",
    "plotly": "plotly",
    "pyarrow": "pyarrow",
    "pycocotools": "pycocotools",
    "pymatting": "pymatting",
    "ruamel": "ruamel.yaml",
    "safetensors": "safetensors",
    "scipy": "scipy",
    "torch": "torch",
    "torchvision": "torchvision",
}

# Those that a cell reaches and that cannot change a result, and why.
OTHERS = {
    "annotated_types": "says what parameters may be",
    "filelock": "one process at a time",
    "httpcore": "fetches files, which are verified",
    "httpx": "fetches files, which are verified",
    "msgspec": "reads JSON, which means the same to every reader",
    "pydantic": "checks what is read, and changes nothing in it",
    "scmrepo": "the error of a folder without git",
    "tenacity": "when something is tried again",
    "tqdm": "draws bars on the terminal",
}


@dataclass(frozen=True)
class Fingerprint:
    """``code`` is a hash of what the cell runs, ``packages`` are versions; builds of one version for other hardware count as one."""

    code: str
    packages: dict[str, str]
    values: dict[str, Any]

    def text(self) -> str:
        """As it is stored."""
        return json.dumps({"code": self.code, "packages": self.packages, "values": self.values}, indent=1, sort_keys=True) + "\n"


def source_code(root: Path = ROOT) -> SourceCode:
    """The project's code as it is read for fingerprints."""
    return SourceCode(root, OURS, left_out=LEFT_OUT)


def fingerprints_of(params: Params, *, code: SourceCode | None = None) -> Iterator[tuple[Cell, Fingerprint]]:
    """Every cell of the active profile with its fingerprint."""
    code = code or source_code()
    versions = {name: _version(name) for name in PACKAGES.values()}
    for cell in cells_of(params):
        trace = code.trace(*cell.entry, choices=cell.choices)
        packages = {PACKAGES[name]: versions[PACKAGES[name]] for name in sorted(trace.packages) if name in PACKAGES}
        yield cell, Fingerprint(trace.code[:16], packages, dict(cell.values))


def changed_cells(params: Params) -> frozenset[str]:
    """The addresses of cells whose fingerprint is another than the one that lies here, with that of the stage which writes them."""
    places = Places(params.profile)
    found = {places.fingerprint(cell.stage, cell.name): (cell.address, own.text()) for cell, own in fingerprints_of(params)}
    changed = {address for path, (address, text) in found.items() if _text_of(path) != text}
    others = {path for path in places.fingerprints().rglob("*") if path.is_file()} - found.keys()
    return frozenset(changed | {"fingerprint"}) if changed or others or not all(path.is_dir() for path in places.nones()) else frozenset()


def _text_of(path: Path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def read_fingerprint(path: Path) -> Fingerprint:
    """A cell's fingerprint, as the stage left it."""
    try:
        return Fingerprint(**json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; run the stage fingerprint (dvc repro)") from error
    except (ValueError, TypeError) as error:
        raise InputError(f"{path}: not what the stage fingerprint writes; run it again (dvc repro --force fingerprint)") from error


def facts_of(path: Path) -> dict[str, Any]:
    """What a result says of the code that made it."""
    found = read_fingerprint(path)
    return {"code": found.code, "packages": found.packages}


def _version(package: str) -> str:
    try:
        return version(package).partition("+")[0]
    except PackageNotFoundError:
        return "absent"
