"""Two processes train as one: the same losses, the same weights in both, and one of them writes."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
import torch

from imharmony.checkpoint import load_harmonizer
from imharmony.running.ranks import ALONE, ranks
from tests.conftest import ROOT
from tests.parallel_training import KINDS, trained
from tests.workspace import give_fingerprints, shrink

NUMBERS = ("g_loss", "l1", "g_adversarial", "d_loss", "val_fmse", "val_psnr")
TOLERANCE = 1e-5
WITHOUT_NORMS = [name for name in KINDS if name != "batch_norms"]


def torchrun(folder: Path) -> str:
    command = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc_per_node=2", "-m", "tests.parallel_training"]
    environment = os.environ | {"OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run([*command, str(folder)], env=environment, capture_output=True, text=True, timeout=180, cwd=ROOT)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def together(tmp_path_factory) -> tuple[Path, list[dict], str]:
    """The folder, what each of two processes ended with, and what they said."""
    folder = tmp_path_factory.mktemp("together")
    manifest = folder / "workspace" / "data" / "sample" / "composites" / "people" / "manifest.parquet"
    manifest.parent.mkdir(parents=True)
    manifest.write_bytes(b"rows")
    shutil.copy(ROOT / "params.yaml", folder / "workspace")
    shrink(folder / "workspace" / "params.yaml")
    give_fingerprints(folder / "workspace")
    said = torchrun(folder)
    return folder, [torch.load(folder / f"rank{rank}.pt") for rank in (0, 1)], said


@pytest.mark.parametrize("name", WITHOUT_NORMS)
def test_two_processes_learn_what_one_learns(name, together, tmp_path):
    history, weights = trained(tmp_path, **KINDS[name])
    other, shared = together[1][0][name]
    for row, expected in zip(other, history, strict=True):
        assert [row[key] or 0 for key in NUMBERS] == pytest.approx([expected[key] or 0 for key in NUMBERS], rel=TOLERANCE)
    torch.testing.assert_close(shared, weights, rtol=1e-2, atol=1e-3)


@pytest.mark.parametrize("name", KINDS)
def test_both_processes_end_with_the_same_bits(name, together):
    (history, weights), (other, same) = (results[name] for results in together[1])
    assert history == other
    assert all(torch.equal(tensor, same[key]) for key, tensor in weights.items())


@pytest.mark.parametrize("name", ["restored", "resumed"])
def test_a_training_goes_on_to_the_same_bits_in_both(name, together):
    history, weights = together[1][0]["game"]
    for results in together[1]:
        other, same = results[name]
        assert other == history
        assert all(torch.equal(tensor, same[key]) for key, tensor in weights.items())


def test_a_batch_smaller_than_the_processes_is_refused(together):
    assert "a batch has 1 composites for 2 processes; expected one or more each" in together[1][0]["refused"]


def test_one_process_writes_and_shows_bars(together):
    folder, _, said = together
    run = folder / "workspace" / "runs" / "sample" / "idih" / "0"
    assert {path.name for path in run.iterdir()} == {"model.safetensors", "history.parquet", "history.csv", "samples", "dvclive"}
    _, facts = load_harmonizer(run / "model.safetensors")
    assert facts["variant"] == "idih"
    bars = len(KINDS) + 2  # the killed one and the stage's; what is restored begins at its end
    assert said.count("train:   0%|") == bars


def test_a_process_that_torchrun_did_not_start_is_alone():
    assert ranks({"RANK": "3", "WORLD_SIZE": "4"}) == ALONE
    started = {"TORCHELASTIC_RUN_ID": "x", "RANK": "3", "WORLD_SIZE": "4", "LOCAL_RANK": "1", "LOCAL_WORLD_SIZE": "2"}
    here = ranks(started)
    assert (here.rank, here.count, here.local_rank, here.local_count, here.is_first) == (3, 4, 1, 2, False)
