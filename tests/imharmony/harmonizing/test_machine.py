"""What the machine has, and what it lacks."""

import pytest

from imharmony.harmonizing.machine import machine_facts, machine_findings, machine_lines
from imharmony.harmonizing.models import WEIGHTS


@pytest.fixture(scope="module")
def facts():
    return machine_facts()


def test_this_machine_has_all_it_needs(facts):
    assert machine_findings(facts, needed=0) == []
    assert len(facts["starter"][WEIGHTS]) == 64
    assert facts["devices"][0] == "cpu"
    assert facts["memory_free"] is None or facts["memory_free"] > 1e6
    assert facts["starter"][WEIGHTS][:12] in "\n".join(machine_lines(facts))


@pytest.mark.parametrize(
    ("lack", "severity", "words"),
    [
        ({"packages": {"torch": None, "onnxruntime": None}}, "wrong", "neither onnxruntime nor torch"),
        ({"starter": {}}, "wrong", "file is not there"),
        ({"starter": {WEIGHTS: "unreadable"}}, "wrong", "cannot be read"),
        ({"starter": {WEIGHTS: "0" * 64}}, "doubt", "is not the one of its card"),
        ({"devices": ["cpu", "torch does not load (libcudart)"]}, "doubt", "torch does not load (libcudart)"),
        ({"memory_free": 500_000_000}, "doubt", "about 2.0 GB of memory are needed and 0.5 GB are free"),
    ],
)
def test_what_is_lacking_is_found(facts, lack, severity, words):
    (finding,) = machine_findings(facts | lack, needed=2_000_000_000 if "memory_free" in lack else 0)
    assert finding.severity == severity
    assert words in finding.what
    assert finding.line.startswith(f"{severity}: ")
