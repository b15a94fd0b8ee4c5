"""What is wrong with the folder is said in one line before anything runs."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from imharmony.errors import InputError
from pipeline.run.conflicts import expect_no_conflicts
from pipeline.run.graph import read_graph
from pipeline.run.lock_file import hashes, read_lock
from pipeline.run.workspace import expect_workspace
from tests.conftest import ROOT
from tests.pipeline.run.small_graph import last, run

# Of a library of DVC's, which here runs in this process.
pytestmark = pytest.mark.filterwarnings("ignore:_NoneStep.value will soon raise:DeprecationWarning")

CONFLICT = "<<<<<<< HEAD\na: 1\n=======\na: 2\n>>>>>>> other\n"
DIFF3 = "x: 1\n<<<<<<< HEAD\na: 1\n||||||| base\na: 0\n=======\na: 2\n>>>>>>> other\n"


@pytest.fixture
def here(workspace, monkeypatch) -> Path:
    monkeypatch.chdir(workspace)
    monkeypatch.setenv("DVC_SITE_CACHE_DIR", str(workspace / ".home"))
    return workspace


def test_without_git_it_works_and_with_git_again_dvc_uses_it(workspace):
    shutil.rmtree(workspace / ".git")
    code, said = run(workspace)
    assert (code, last(said)) == (0, "4 stages: 4 up to date")
    assert "no git here: DVC works without it" in said
    assert "no_scm = True" in (workspace / ".dvc" / "config.local").read_text()
    subprocess.run(["git", "init", "-q"], cwd=workspace, check=True)
    assert run(workspace)[0] == 0
    assert "no_scm" not in (workspace / ".dvc" / "config.local").read_text()


def test_the_users_own_choice_to_work_without_git_stays(here):
    local = here / ".dvc" / "config.local"
    local.write_text("[core]\n    no_scm = true\n")
    for _ in range(2):
        expect_workspace(say=pytest.fail)
    shutil.rmtree(here / ".git")
    expect_workspace(say=pytest.fail)
    assert local.read_text() == "[core]\n    no_scm = true\n"


def test_a_damaged_index_is_said_before_anything_runs(here):
    (here / ".git" / "index").write_bytes(b"DIRC" + bytes(40))
    with pytest.raises(InputError, match=r"its index is damaged.*git reset"):
        expect_workspace(say=pytest.fail)


@pytest.mark.usefixtures("here")
def test_a_lock_that_cannot_be_written_is_said_before_anything_runs(monkeypatch):
    opened = Path.open

    def refused(path, mode="r", *arguments, **options):
        if path.name == "dvc.lock" and mode == "ab":
            raise PermissionError(1, "Operation not permitted", str(path))
        return opened(path, mode, *arguments, **options)

    monkeypatch.setattr(Path, "open", refused)
    with pytest.raises(InputError, match=r"dvc\.lock: Operation not permitted; expected to write there"):
        expect_workspace(say=pytest.fail)


@pytest.mark.parametrize("text", [CONFLICT, DIFF3, CONFLICT.replace("\n", "\r\n")])
@pytest.mark.parametrize(
    ("name", "remedy"),
    [("dvc.lock", "git checkout --ours dvc.lock"), ("dvc.yaml", "edit it"), ("params.yaml", "edit it"), (".dvc/config", "edit it")],
)
def test_marks_of_a_conflict_are_said_with_the_remedy(name, remedy, text, here):
    (here / name).write_text(text, newline="")
    with pytest.raises(InputError) as caught:
        expect_workspace(say=pytest.fail)
    assert f"{name}: marks of a merge conflict in line" in str(caught.value)
    assert remedy in str(caught.value)


def test_what_only_looks_like_marks_is_none(tmp_path):
    path = tmp_path / "params.yaml"
    path.write_text("a: '<<<<<<< HEAD'\n  <<<<<<< x\n<<<<<<<<\n=======\n")
    expect_no_conflicts([path, tmp_path / "absent"])


@pytest.mark.parametrize("text", ["", "[]", "5", "hello", "stages:\n", "stages: {}\n", "stages: []\n", "{", "\t", "stages: {a: 5}\n"])
def test_a_graph_without_stages_is_an_error(text, here):
    (here / "dvc.yaml").write_text(text)
    with pytest.raises(InputError, match=r"dvc\.yaml|DVC"):
        read_graph()


@pytest.mark.parametrize("harm", [Path.unlink, lambda path: (path.unlink(), path.mkdir())], ids=["missing", "folder"])
def test_so_is_no_graph(harm, here):
    harm(here / "dvc.yaml")
    with pytest.raises(InputError, match=r"dvc\.yaml: no such file"):
        expect_workspace(say=pytest.fail)


@pytest.mark.parametrize("text", ["{", "[]", "5", "stages: 5\n", "stages: {a: []}\n", "stages:\n  a:\n    outs: [{path: x}]\n", "[" * 5000])
def test_a_lock_that_dvc_did_not_write_is_an_error_with_the_remedy(text, tmp_path):
    (tmp_path / "dvc.lock").write_text(text)
    with pytest.raises(InputError, match="git checkout"):
        read_lock(tmp_path / "dvc.lock")


def test_hashes_are_those_of_all_outputs(here):
    assert sorted(hashes()) == ["fetched", "made/a", "made/b", "told"]
    assert hashes(here / "absent.lock") == {}


@pytest.mark.parametrize(
    ("target", "names"),
    [
        ("told", {"fetch", "make@a", "make@b", "tell"}),
        ("made/a", {"fetch", "make@a"}),
        ("./made/", {"fetch", "make@a", "make@b"}),
        ("made", {"fetch", "make@a", "make@b"}),
        ("make", {"fetch", "make@a", "make@b"}),
        ("make@b", {"fetch", "make@b"}),
        ("fetched", {"fetch"}),
    ],
)
def test_a_target_is_a_stage_or_an_output_or_a_folder_of_outputs(target, names, here):
    for written in (target, target if "@" in target or target == "make" else str(here / target)):
        assert {step.name for step in read_graph([written])[0]} == names


@pytest.mark.usefixtures("here")
@pytest.mark.parametrize(
    ("target", "near"), [("tol", "told"), ("mak", "make"), ("made/c", "made/a"), ("make@c", "make@a"), ("", "fetch, make")]
)
def test_an_unknown_target_is_one_line_with_near_names(target, near):
    with pytest.raises(InputError, match=f"^'{target}': no stage and no output of one; .*{near}"):
        read_graph([target])


@pytest.mark.skipif(os.getuid() != 0, reason="only root can give files away")
def test_a_clone_of_another_user_is_refused_before_a_stage_begins(workspace, tmp_path):
    for path in (workspace, *workspace.rglob("*")):
        os.chown(path, 1234, 1234, follow_symlinks=False)
    own = os.environ | {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    own.pop("SUDO_UID", None)
    (workspace / "work.py").write_text("raise SystemExit('a stage began')\n")
    code = "import sys; from pipeline.run.workspace import expect_workspace; expect_workspace(say=print)"
    done = subprocess.run([sys.executable, "-c", code], cwd=workspace, env=own, capture_output=True, text=True, timeout=60)
    assert f"git config --global --add safe.directory {workspace}" in done.stderr


SPOILT = {
    "empty": lambda path: path.write_bytes(b""),
    "not a text": lambda path: path.write_bytes(b"\xff\xfe\x00"),
    "of another schema": lambda path: path.write_text("schema: '9.0'\nstages: {}\n"),
    "a list": lambda path: path.write_text("- a\n"),
    "with a list of stages": lambda path: path.write_text("schema: '2.0'\nstages: [a]\n"),
    "a folder": lambda path: (path.unlink(), path.mkdir()),
    "a loop": lambda path: (path.unlink(), path.symlink_to(path.name)),
    "a pipe": lambda path: (path.unlink(), os.mkfifo(path)),
}


@pytest.mark.parametrize(("name", "command"), [*((name, "verify") for name in SPOILT), ("empty", "run"), ("a pipe", "back")])
def test_a_spoilt_lock_is_one_line_for_every_command(name, command, workspace):
    for words in (["add", "-A"], ["-c", "user.name=t", "-c", "user.email=t@t", "commit", "-q", "-m", "t"]):
        subprocess.run(["git", *words], cwd=workspace, check=True)
    SPOILT[name](workspace / "dvc.lock")
    code, said = run(workspace, *(["--dry-run"] if command == "run" else []), command=command)
    assert code == 2, said
    assert "Traceback" not in said
    assert [line for line in said.splitlines() if "dvc.lock" in line and line.startswith("error: ")], said
