"""How a stage ends: exit code and one line."""

import errno

import pytest

from imharmony.errors import InputError
from pipeline.steps.entry import exit_code_of


def raising(error: BaseException):
    def main() -> None:
        raise error

    return main


def test_success_says_nothing(capsys):
    assert exit_code_of(lambda: None, {}) == 0
    assert capsys.readouterr().err == ""


def test_bad_input_is_one_line_and_code_2(capsys):
    assert exit_code_of(raising(InputError("x.jpg: came this,\n  expected that")), {}) == 2
    assert capsys.readouterr().err == "\nerror: x.jpg: came this, expected that\n"


def test_a_full_disk_is_one_line_and_code_2(capsys):
    assert exit_code_of(raising(OSError(errno.ENOSPC, "No space left on device", "data/x")), {}) == 2
    assert "data/x: No space left on device; make room" in capsys.readouterr().err


def test_ctrl_c_is_one_line_and_code_130(capsys):
    assert exit_code_of(raising(KeyboardInterrupt()), {}) == 130
    assert capsys.readouterr().err.startswith("\ninterrupted: what was finished is kept")


def test_a_defect_of_ours_keeps_its_traceback():
    with pytest.raises(ZeroDivisionError):
        exit_code_of(raising(ZeroDivisionError()), {})
