"""``python -m stages NAME`` is ``python -m stages.NAME``."""

import subprocess
import sys

import pytest

from tests.conftest import ROOT


def said(*words: str) -> tuple[int, str, str]:
    done = subprocess.run([sys.executable, "-m", *words], cwd=ROOT, capture_output=True, text=True)
    return done.returncode, done.stdout, done.stderr


@pytest.mark.parametrize("arguments", [["--help"], ["nowhere", "too many"]], ids=str)
def test_a_stage_gets_its_arguments_and_says_the_same(arguments):
    assert said("stages", "name_data", *arguments) == said("stages.name_data", *arguments)


@pytest.mark.parametrize("name", [[], ["--help"], ["training"], ["../stages/train"], ["__init__"]], ids=str)
def test_a_wrong_name_is_one_line_that_lists_the_stages(name):
    code, output, errors = said("stages", *name)
    assert (code, output, errors.count("\n")) == (2, "", 1)
    assert ", train, " in errors
