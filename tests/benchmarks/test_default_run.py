"""What a run takes, read from what the runner says."""

import pytest
from ruamel.yaml import YAML

from benchmarks.default_run import PARTS, parts_of
from imharmony.errors import InputError
from tests.reports import ROOT

LINES = [
    "train@unet: begins",
    "train@unet: ran in 60 s",
    "train@idih: ran in 113 s",
    "report | done",
    "report: ran in 9 s",
    "3 stages: 3 ran, in 100 s",
]


def test_seconds_are_added_up_by_part():
    assert [tuple(row.values()) for row in parts_of(LINES)] == [
        ("harmonizers: training", 2, 173, "train@idih: 113 s"),
        ("report", 1, 9, "report: 9 s"),
        ("all stages", 3, 182, ""),
        ("the run", 3, 100, "from its begin to its end"),
    ]


@pytest.mark.parametrize(
    "lines", [[], LINES[:-1], LINES[1:2] + LINES[-1:], [*LINES, LINES[-1]], [*LINES[:-1], "3 stages: 2 ran, 1 restored, in 9 s"]]
)
def test_what_is_no_whole_run_is_one_line(lines):
    with pytest.raises(InputError, match="expected the lines of one run in which every stage ran"):
        parts_of(lines)


def test_a_stage_of_no_part_is_one_line():
    with pytest.raises(InputError, match="train_dog: stages of no part"):
        parts_of(["train_dog: ran in 1 s", "1 stages: 1 ran, in 1 s"])


def test_every_stage_is_of_one_part():
    stages = YAML(typ="safe").load(ROOT / "dvc.yaml")["stages"]
    assert sorted(stage for own in PARTS.values() for stage in own) == sorted(stages)
