"""Metrics of a running training, as DVCLive shows them (``dvc plots``, the VS Code extension, DVC Studio)."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from dvclive.live import Live
from scmrepo.exceptions import SCMError

from imharmony.errors import InputError
from imharmony.training.state import HistoryRow


@contextmanager
def live_metrics(folder: Path) -> Iterator[Callable[[HistoryRow], None]]:
    """A function that logs one epoch's row. The folder starts empty; equal rows give equal files, without time stamps."""
    try:
        # Left alone, DVCLive writes into dvc.yaml, makes an experiment of every run and renders a report.
        live = Live(dir=str(folder), resume=False, report=None, save_dvc_exp=False, dvcyaml=None)
    except SCMError as error:
        raise InputError(f"DVCLive cannot read the git repository ({error}); make a first commit, or work without git") from error

    def log(row: HistoryRow) -> None:
        live.step = int(row["epoch"] or 0)
        for name, value in row.items():
            if name != "epoch" and value is not None:
                live.log_metric(name, value)
        live.make_summary()

    with live:
        yield log
