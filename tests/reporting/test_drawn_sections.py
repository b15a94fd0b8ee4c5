"""Sections that are drawn in a process beside the report's are those that are drawn in it."""

from types import SimpleNamespace

import pandas as pd
import pytest

from reporting import drawn_sections
from reporting.blind import BlindRun
from reporting.drawn_sections import Job, drawn_beside
from reporting.drawn_sections import drawn_sections as drawn_here
from reporting.matting import MattingRun

CURVES = {"unet": pd.DataFrame({"epoch": [0, 1], "g_loss": [float("nan"), 2.0], "val_fmse": [90.0, 80.0], "val_psnr": [30.0, 31.0]})}


@pytest.fixture
def job(tmp_path):
    params = SimpleNamespace(active=SimpleNamespace(evaluation=SimpleNamespace(bootstrap=10)), blind={})
    nothing = pd.DataFrame()
    return Job(params, BlindRun({}, {}, {}, {}), MattingRun(*[nothing] * len(MattingRun._fields)), {}, CURVES, tmp_path)  # pyright: ignore[reportArgumentType]


def test_a_process_beside_draws_the_same(job, monkeypatch):
    expected = drawn_here(job)
    images = {path.name: path.read_bytes() for path in job.figures.iterdir()}
    for path in job.figures.iterdir():
        path.unlink()
    monkeypatch.setattr(drawn_sections, "WORTH_A_PROCESS", 0)
    with drawn_beside(job, workers=2) as drawn:
        assert drawn() == expected
    assert images == {path.name: path.read_bytes() for path in job.figures.iterdir()}
    assert set(images) == {"validation.png", "losses.png"}


def test_little_is_drawn_when_it_is_asked_for(job):
    with drawn_beside(job, workers=2) as drawn:
        assert not list(job.figures.iterdir())
        assert drawn().blind is None
    assert list(job.figures.iterdir())
