"""The one border at which what went wrong becomes a line and an exit code."""

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from imharmony.errors import InputError, exit_code_of


def raising(error: BaseException):
    def action() -> None:
        raise error

    return action


@pytest.mark.parametrize(
    ("error", "code", "line"),
    [
        (InputError("x.jpg: came this,\n expected that"), 2, "error: x.jpg: came this, expected that"),
        (OSError(errno.EISDIR, "Is a directory", "x"), 2, "error: x: Is a directory; expected a file; name one"),
        (OSError(errno.ECONNRESET, "reset"), 2, f"error: {Path.cwd()}: reset; expected"),
        (OSError(), 2, f"error: {Path.cwd()}: OSError; expected"),
        (BrokenPipeError(errno.EPIPE, "Broken pipe", "fifo"), 2, "error: fifo: Broken pipe"),
        (MemoryError("3 TB"), 2, "error: not enough memory (3 TB); expected more"),
        (KeyboardInterrupt(), 130, "interrupted"),
    ],
)
def test_what_a_user_can_mend_is_one_line(error, code, line, capsys):
    assert exit_code_of(raising(error)) == code
    said = capsys.readouterr().err
    assert said.startswith(line)
    assert said.count("\n") == 1


@pytest.mark.parametrize("number", sorted(errno.errorcode))
def test_whatever_the_system_refuses_is_one_line(number, capsys):
    error = OSError(number, os.strerror(number), "some/file")
    assert exit_code_of(raising(error)) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"error: some/file: {os.strerror(number)}; ")
    assert said.count("\n") == 1


def test_success_says_nothing(capsys):
    assert exit_code_of(lambda: None) == 0
    assert exit_code_of(lambda: 3) == 3
    assert capsys.readouterr().err == ""


def test_a_defect_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        exit_code_of(raising(ZeroDivisionError()))


def test_a_reader_who_leaves_is_no_error():
    code = (
        "from imharmony.errors import exit_code_of; raise SystemExit(exit_code_of(lambda: [print('x' * 999) for _ in range(9999)] and 0))"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, stderr=subprocess.PIPE) as child:
        assert child.stdout is not None
        assert child.stderr is not None
        child.stdout.readline()
        child.stdout.close()
        assert child.stderr.read() == b""
    assert child.returncode == 141


def test_a_current_folder_that_is_gone_is_one_line_too(tmp_path, monkeypatch, capsys):
    gone = tmp_path / "gone"
    gone.mkdir()
    monkeypatch.chdir(gone)
    gone.rmdir()
    assert exit_code_of(raising(OSError(errno.ENOSPC, "No space left on device"))) == 2
    assert "the current folder, which is gone: No space left on device; make room" in capsys.readouterr().err
