"""Small studies, how they are served in a process of their own, and raters who answer them."""

import re
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.pictures.images import encode_png
from imharmony.storage.files import sha256_of, write_bytes
from imharmony.storage.tables import read_table
from opinion_study.creation import Plan, create_study
from opinion_study.definition import Study, definition_path
from opinion_study.store import VoteStore, votes_path
from tests.conftest import ROOT

SIZE = 32
IMAGES = 3
METHODS = {"sombre": 20, "garish": 230}  # grey levels of the methods' pictures
PLAN = Plan(mode="rating", raters=4, trials=100, checks=2, seed=5)


def write_outputs(folder: Path, composites: Path) -> dict[str, Path]:
    """A folder of plain grey pictures for each method."""
    samples = read_table(composites / "manifest.parquet")["sample_id"].to_pylist()
    for method, level in METHODS.items():
        for sample in samples:
            write_bytes(folder / method / f"{sample}.png", encode_png(np.full((SIZE, SIZE, 3), level, np.uint8)))
    return {method: folder / method for method in METHODS}


def make(composites: Path, outputs: dict[str, Path], out: Path, plan: Plan = PLAN, *, images: int = IMAGES) -> Path:
    """The folder of a study over the composites and the grey pictures."""
    create_study(composites, out, methods=outputs, images=images, size_px=SIZE, split="test", plan=plan)
    return out


def shown(study: Study, rater: int) -> list[tuple[str, ...] | int]:
    """The methods that a rater sees, trial by trial; of an attention check the answer asked for."""
    order = study.order_of(rater)
    return [trial.asked or tuple(study.pictures[name].method for name in trial.pictures) for trial in order]


def vote_all(folder: Path, answers: dict[int, list[int]]) -> None:
    """Stores the answers of raters 0, 1, ..."""
    with closing(VoteStore(votes_path(folder), study_sha256=sha256_of(definition_path(folder)))) as store:
        for rater in sorted(answers):
            token = store.begin()
            for trial, score in enumerate(answers[rater]):
                store.record(token, trial=trial, score=score)


def honest(study: Study, rater: int, liking: dict[str, int]) -> list[int]:
    """The answers of a rater who gives each method its liking, chooses the better of two, and heeds the checks."""
    answers = []
    for step in shown(study, rater):
        if isinstance(step, int):
            answers.append(step)
        elif len(step) == 1:
            answers.append(liking[step[0]])
        else:
            answers.append(1 if liking[step[0]] >= liking[step[1]] else 2)
    return answers


class Served(NamedTuple):
    """A server in a process of its own."""

    process: subprocess.Popen[str]
    address: str  # ends in a slash

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.address.rstrip("/").rsplit(":", 1)[1])


@contextmanager
def served(folder: Path, port: int = 0, *, host: str = "127.0.0.1", public: tuple[str, ...] = (), before: str = "") -> Iterator[Served]:
    """The study in service, ``before`` which a statement is run; a server that still runs afterwards is killed."""
    # Not by the command, which imports torch first.
    call = f"serve(Path({str(folder)!r}), host={host!r}, port={port}, public={public!r})"
    code = (
        f"from pathlib import Path; from imharmony.web import patience; from opinion_study.serving import serve; {before or 'pass'}; {call}"
    )
    process = subprocess.Popen([sys.executable, "-c", code], cwd=ROOT, stderr=subprocess.PIPE, text=True)
    try:
        line = process.stderr.readline() if process.stderr else ""
        found = re.search(r"http://\S+/", line)
        assert found, line
        yield Served(process, found[0])
    finally:
        process.kill()
        process.communicate()
