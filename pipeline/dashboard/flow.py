"""The run as a Prefect flow, so that work pools start it on other machines; the deployments are in ``prefect.yaml``
and ``prefect-containers.yaml``.

The only module that imports Prefect. It adds nothing to ``python -m pipeline run`` but where to start it and where its data come from.
"""

import subprocess
import sys
from collections.abc import Sequence
from functools import partial

from prefect import flow
from prefect.runtime import flow_run

from pipeline.dashboard.client import watched
from pipeline.run.command import run


@flow(name="harmonization", log_prints=False)
def reproduce(targets: Sequence[str] = (), jobs: int | None = None, share: bool = False) -> None:
    """Brings the targets (all, if none are named) up to date, at most ``jobs`` stages at once.

    With ``share`` what the default DVC remote has is taken from there instead of being made, and what this run made is pushed, by one that
    failed too: the next machine goes on from it. A stage that fails makes the flow fail when all that does not need it is done.
    """
    code = run(targets, jobs=jobs, pull=share, watch=partial(watched, flow_run=flow_run.get_id()))
    if share:
        subprocess.run([sys.executable, "-m", "dvc", "--wait-for-lock", "push", "--run-cache"], check=True)
    if code:
        raise RuntimeError("a stage failed; what it said is among the logs of its task, and whole in .work/logs/")
