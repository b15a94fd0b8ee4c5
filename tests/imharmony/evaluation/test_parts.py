"""Scores in parts: what an undivided pass finds, the same bytes by whatever engine, and nothing done twice after a kill."""

import os
import pickle
import signal
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest

from imharmony.baselines.reinhard import reinhard
from imharmony.composing.packed_split import PackedSplit
from imharmony.evaluation import parts
from imharmony.evaluation.controls import CONTROLS, SWAPPED, UNTOUCHED, Background, inner_error, plan_of, score_controls
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.parts import Order, control_parts, score_parts, validate_parts
from imharmony.evaluation.scoring import score_split
from imharmony.evaluation.validation import score_validation
from imharmony.running.engine import engine
from imharmony.running.processes import EndedProcessError, Run
from imharmony.storage.streams import join_tables
from imharmony.storage.tables import read_table

NAMES = {"method": "m", "seed": 0, "dataset": "people", "code": "c", "data_hash": "h", "trained_on": None, "stands_in_for": None}
TABLES = ("scores", "controls", "validation")


@dataclass(frozen=True)
class Logged:
    """Reinhard's transfer, which notes each call and, at one of them, once kills the process that it is in."""

    log: Path
    deadly: int | None = None

    def __call__(self, composite: np.ndarray, mask: np.ndarray) -> np.ndarray:
        with self.log.open("a") as file:
            file.write("x")
        if self.deadly is not None and self.log.stat().st_size == self.deadly:
            os.kill(os.getpid(), signal.SIGKILL)
        return reinhard(composite, mask)


@pytest.fixture(autouse=True)
def small_parts(monkeypatch):
    monkeypatch.setattr(parts, "PICTURES_PER_PART", 3)
    monkeypatch.setattr(parts, "FOREGROUNDS_PER_PART", 2)


def scored(folder: Path, split: PackedSplit, harmonize=reinhard, *, workers: int = 1, cluster: str | None = None) -> dict[str, bytes]:
    """The bytes of the three tables."""
    (folder / "work").mkdir(parents=True, exist_ok=True)
    order = Order((folder / "work").resolve(), harmonize, NAMES, None, 1, has_controls=True)
    with engine(cluster, workers=workers) as run:
        found = [list(make(run, order, split)) for make in (score_parts, control_parts, validate_parts)]
    for name, paths, schema in zip(TABLES, found, (SCORES, CONTROLS, SCORES), strict=True):
        join_tables(folder / f"{name}.parquet", paths, schema)
    return {name: (folder / f"{name}.parquet").read_bytes() for name in TABLES}


@pytest.fixture(scope="module")
def expected(packed) -> dict[str, pa.Table]:
    """Each table of one pass over the whole split."""
    own: list[float | None] = []
    rows = score_split(packed, reinhard, names=NAMES, perceptual=None, on_output=lambda at, raw: own.append(inner_error(packed, at, raw)))
    plan = plan_of(packed)
    places = plan.looked_at
    samples = packed.rows.select(["sample_id", "image_id"]).take(pa.array(places)).to_pylist()
    others = [plan.background_of(**sample) for sample in samples]
    pictures = {name: np.asarray(getattr(packed, name))[places] for name in ("composite", "real", "mask")}
    controls = score_controls(
        replace(packed, rows=packed.rows.take(pa.array(places)), **pictures),
        reinhard,
        names=NAMES,
        own=[own[place] for place in places],
        backgrounds=[None if place is None else Background(image_id, packed.real[place]) for image_id, place in others],
    )
    tables = {"scores": rows, "controls": controls[SWAPPED] + controls[UNTOUCHED]}
    tables["validation"] = score_validation(packed, reinhard, names=NAMES)
    return {name: pa.Table.from_pylist(found, schema=CONTROLS if name == "controls" else SCORES) for name, found in tables.items()}


def test_parts_are_what_one_pass_finds(packed, expected, tmp_path):
    scored(tmp_path, packed)
    assert len(list((tmp_path / "work").glob("test-*.parquet"))) > 2
    assert len(list((tmp_path / "work").glob("swapped-*.parquet"))) > 2
    for name, table in expected.items():
        assert table.num_rows > 3
        assert read_table(tmp_path / f"{name}.parquet").equals(table)


@pytest.mark.parametrize("machines", [{"workers": 2}, {"workers": 2, "cluster": "local"}], ids=["processes", "cluster"])
def test_engines_change_no_byte(packed, tmp_path, machines):
    assert scored(tmp_path / "other", packed, **machines) == scored(tmp_path / "here", packed)


def test_what_a_killed_stage_has_sealed_is_not_scored_again(packed, tmp_path):
    undisturbed, log = scored(tmp_path / "whole", packed, Logged(tmp_path / "calls")), tmp_path / "log"
    with pytest.raises(EndedProcessError):
        scored(tmp_path / "killed", packed, Logged(log, deadly=15), workers=2)
    sealed = list((tmp_path / "killed/work").glob("*.seal"))
    assert sealed
    stamps = {path: path.stat().st_mtime_ns for path in sealed}
    assert scored(tmp_path / "killed", packed, Logged(log)) == undisturbed
    assert {path: path.stat().st_mtime_ns for path in sealed} == stamps
    assert log.stat().st_size < (tmp_path / "calls").stat().st_size + 15


def test_a_worker_that_is_killed_loses_nothing(packed, tmp_path):
    marker = tmp_path / "killed"

    def deadly(composite: np.ndarray, mask: np.ndarray) -> np.ndarray:  # sent by value: workers do not know this module
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
        return reinhard(composite, mask)

    found = scored(tmp_path / "cluster", packed, deadly, workers=2, cluster="local")
    assert marker.exists()
    assert found == scored(tmp_path / "here", packed)


def test_a_part_takes_its_own_rows_along_and_no_picture(packed, tmp_path):
    sizes = []

    def promised(_function, job):
        assert all(isinstance(path, Path) for path in job.files.arrays.values())
        assert job.rows.num_rows == 3
        sizes.append(len(pickle.dumps(job)))
        raise KeyError

    order = Order(tmp_path, reinhard, NAMES, None, 1, has_controls=False)
    with pytest.raises(KeyError):
        score_parts(Run(2, promised), order, packed)
    assert sizes[0] < 8_000 < packed.real[:3].nbytes
