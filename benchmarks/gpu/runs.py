"""What runs in processes of its own: two devices against one, and the starter model's training."""

import json
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import torch

from benchmarks.gpu.checks import ROOT
from benchmarks.gpu.records import Job, Row, SkippedError
from benchmarks.gpu.scale import Scale
from imharmony.storage.tables import read_table
from imharmony.storage.weights import read_metadata
from pipeline.params.file import load_params
from pipeline.params.mixtures import names_in
from pipeline.steps.paths import MODEL, Places

WORKSPACE, VARIANT = ROOT / "starter", "regions"
LEAST_S = 20.0  # to start two trainings of processes


def checks_of_processes(scale: Scale) -> Sequence[Job]:
    """A training of ``unet`` on one device and, with as large a batch in all, on two."""
    what = {"network": "unet", "batch": max(scale.batch_sizes), "devices": "1 and 2"}
    return [Job(what, lambda seconds: _side_by_side(scale, seconds), LEAST_S)]


def _side_by_side(scale: Scale, seconds: float) -> Row:
    if scale.device.type == "cuda" and (found := torch.cuda.device_count()) < 2:
        raise SkippedError(f"{found} device here; two are needed")
    one, two = (_rate(scale, processes, seconds / 2) for processes in (1, 2))
    return {"images_per_s_of_1": one, "images_per_s_of_2": two, "ratio": two / one}


def _rate(scale: Scale, processes: int, seconds: float) -> float:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", f"--nproc_per_node={processes}"]
    said = _run([*command, "-m", "benchmarks.gpu.worker", scale.device.type, str(scale.steps)], ROOT, seconds)
    return json.loads(said.strip().splitlines()[-1])["images_per_s"]


def checks_of_starter(scale: Scale) -> Sequence[Job]:
    """The training that `make starter` does, in its workspace; what it makes stays there."""
    return [Job({"workspace": WORKSPACE.name, "variant": VARIANT}, lambda seconds: _starter(scale, seconds))]


def _starter(scale: Scale, seconds: float) -> Row:
    if scale.device.type != "cuda":
        raise SkippedError("not in miniature")
    params = load_params(WORKSPACE / "params.yaml")
    places, names = Places(params.profile), names_in(params.trained_on(params.catalogue[VARIANT].dataset))
    for name in names:
        manifest = places.composites(name) / "manifest.parquet"
        if not (WORKSPACE / manifest).is_file():
            raise SkippedError(f"{WORKSPACE.name}/{manifest} is not there; `make starter` prepares it, from photographs of COCO")
    run = WORKSPACE / places.run(VARIANT, params.seeds[0])
    before = _time_of(run / MODEL)
    _run([sys.executable, "-m", "stages.fingerprint"], WORKSPACE, seconds)
    _run([sys.executable, "-m", "stages.train", VARIANT], WORKSPACE, seconds)
    if _time_of(run / MODEL) == before:
        raise SkippedError("trained already; delete its folder of runs to train it again")
    told, history = read_metadata(run / MODEL), read_table(run / "history.parquet")
    return {"epochs": told["epochs"], "data_hash": told["data_hash"], "val_fmse": history["val_fmse"].to_pylist()}


def _time_of(path: Path) -> int | None:
    return path.stat().st_mtime_ns if path.is_file() else None


def _run(command: Sequence[str], folder: Path, seconds: float) -> str:
    """What a command said; where it has not ended in time it is ended."""
    paths = os.pathsep.join(filter(None, [str(ROOT), os.environ.get("PYTHONPATH")]))
    try:
        done = subprocess.run(
            command, cwd=folder, env=os.environ | {"PYTHONPATH": paths}, capture_output=True, text=True, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise SkippedError(f"not finished in its {error.timeout:.0f} s") from error
    if done.returncode:
        lines = done.stderr.strip().splitlines() or [""]
        raise RuntimeError(f"{' '.join(command[1:4])} ended with {done.returncode}: {lines[-1]}")
    return done.stdout
