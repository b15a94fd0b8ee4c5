"""A byte that changed by itself, in an output or in DVC's cache, is found, and what a run restores is looked at."""

import os
from pathlib import Path

import pytest

from pipeline.run.integrity import drop_damaged, listing_hash, verify
from tests.pipeline.run.small_graph import last, run
from tests.workspace import dvc, locked_hashes

# Of a library of DVC's, which here runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value will soon raise:DeprecationWarning")

FOLDER = """\
stages:
  make:
    cmd: mkdir -p out/below && printf a > out/a && printf b > out/below/b && printf c > out/ä
    outs: [out]
    meta: {slot: cpu}
"""


@pytest.fixture
def here(workspace, monkeypatch) -> Path:
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(workspace / ".home"))
    return workspace


def harmed(path: Path, change) -> None:
    """As a disk does it: neither permissions nor time tell."""
    told = path.stat()
    path.chmod(0o644)
    path.write_bytes(change(path.read_bytes()))
    path.chmod(told.st_mode)
    os.utime(path, ns=(told.st_atime_ns, told.st_mtime_ns))


def cached(folder: Path, content: bytes) -> Path:
    (found,) = [path for path in (folder / ".dvc" / "cache").rglob("*") if path.is_file() and path.read_bytes() == content]
    return found


CHANGES = {"flipped": lambda data: bytes([data[0] ^ 1]) + data[1:], "cut": lambda data: data[:-1], "empty": lambda _data: b""}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_what_changed_in_the_workspace_or_the_cache_is_one_line_each(change, here):
    said: list[str] = []
    assert verify(say=said.append) == 0
    assert said == ["4 outputs of dvc.lock: nothing wrong"]
    harmed(cached(here, b"make-afetch"), change)
    harmed(here / "made" / "a", change)
    said.clear()
    assert verify(say=said.append) == 1
    assert said[-1] == "4 outputs of dvc.lock: 2 wrong"
    assert [line.partition(": ")[0].endswith("made/a") for line in said[:-1]] == [False, True]
    assert all("delete it" in line and "stage make@a" in line for line in said[:-1])


def test_what_is_missing_in_the_cache_is_said_and_what_is_nowhere_is_counted(here):
    cached(here, b"fetch").unlink()
    (here / "told").unlink()
    cached(here, b"tellmake-afetchmake-bfetch").unlink()
    said: list[str] = []
    assert verify(say=said.append) == 1
    assert "missing in DVC's cache (of fetched, stage fetch)" in said[0]
    assert said[-1] == "4 outputs of dvc.lock: 1 wrong; 1 are neither here nor in the cache, and the next run makes them"


def test_folders_are_compared_file_by_file(here):
    (here / "dvc.yaml").write_text(FOLDER)
    (here / "dvc.lock").unlink()
    dvc(here, "repro", "-q")
    said: list[str] = []
    assert verify(say=said.append) == 0
    files = {
        "a": "0cc175b9c0f1b6a831c399e269772661",
        "below/b": "92eb5ffee6ae2fec3ad71c777531578f",
        "ä": "4a8a08f09d37b73795649038408b5f33",
    }
    assert listing_hash(files) == locked_hashes(here)["out"]
    (here / "out" / "a").unlink()
    (here / "out" / "new").write_text("new")
    said.clear()
    assert verify(say=said.append) == 1
    assert [line.partition(" (")[0] for line in said[:-1]] == ["out/new: no part of it", "out/a: missing"]
    cached_listing = next((here / ".dvc" / "cache").rglob("*.dir"))
    harmed(cached_listing, CHANGES["flipped"])
    said.clear()
    assert verify(say=said.append) == 1
    assert said[0].startswith(f"{cached_listing}: in DVC's cache, but its MD5 is ")


def test_damaged_outputs_are_dropped_from_both_and_whole_ones_stay(here):
    assert drop_damaged("fetch") == []
    damaged = cached(here, b"make-afetch")
    harmed(damaged, CHANGES["flipped"])
    assert {wrong.output.path for wrong in drop_damaged("make@a")} == {"made/a"}
    assert not damaged.exists()
    assert not (here / "made" / "a").exists()
    assert (here / "made" / "b").exists()


def test_a_run_makes_again_what_it_restored_damaged(workspace):
    before = locked_hashes(workspace)
    harmed(cached(workspace, b"fetch"), CHANGES["flipped"])
    (workspace / "fetched").unlink()
    code, said = run(workspace)
    assert code == 0
    assert "restored, but not what dvc.lock says" in said
    assert last(said) == "4 stages: 1 ran, 3 up to date"
    assert locked_hashes(workspace) == before
    assert run(workspace, command="verify")[0] == 0
