"""The whole walk, killed on the way, ends as if nothing had happened."""

import os
import signal
import subprocess
import sys
import time

import pytest

from tests.walk import walked
from tests.workspace import copy_project, dvc, environment, locked_hashes

pytestmark = pytest.mark.timeout(600)  # a slow machine that does other work needs half of it


def killed_when(folder, has_happened) -> None:
    """Starts `dvc repro` and kills its whole process group as soon as something has happened in the workspace."""
    command = [sys.executable, "-m", "dvc", "repro"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, env=environment(folder / ".home"), start_new_session=True, **quiet)
    while not has_happened(folder):
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


MOMENTS = {
    "photographs are being drawn": lambda folder: (folder / "data" / "sample" / "sources").exists(),
    "an epoch of the first training is stored": lambda folder: any((folder / ".work" / "train").glob("*/state.pt")),
    "the first harmonizer is being scored": lambda folder: any((folder / "runs" / "sample").glob("*/0/model.safetensors")),
}


def test_a_killed_run_ends_in_the_same_hashes(session_folder, tmp_path):
    folder = copy_project(tmp_path / "killed")
    for has_happened in MOMENTS.values():
        killed_when(folder, has_happened)
    dvc(folder, "repro")
    assert locked_hashes(folder) == locked_hashes(walked(session_folder))
