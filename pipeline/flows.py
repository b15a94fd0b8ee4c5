"""The run as a Prefect flow, so that work pools start it on other machines; the deployments are in ``prefect.yaml``.

The only module that imports Prefect. It adds nothing to ``python -m pipeline run`` but where to start it and where its data come from.
"""

import subprocess
import sys
from collections.abc import Sequence

from prefect import flow
from prefect.runtime import flow_run

from pipeline.run import run


@flow(name="harmonization", log_prints=False)
def reproduce(targets: Sequence[str] = (), jobs: int | None = None, remote: str | None = None) -> None:
    """Brings the targets (all, if none are named) up to date, at most ``jobs`` stages at once.

    With a DVC ``remote`` what it has is fetched before, and what this run made is pushed after, one that failed included: the next machine
    takes it up. A stage that fails makes the flow fail when all that does not need it is done.
    """
    if remote:
        _dvc("pull", "--run-cache", "--allow-missing", "--remote", remote)
    code = run(targets, jobs=jobs, flow_run=flow_run.get_id())
    if remote:
        _dvc("push", "--run-cache", "--remote", remote)
    if code:
        raise RuntimeError("a stage failed; what it said is among the logs of its task, and whole in .work/logs/")


def _dvc(*arguments: str) -> None:
    subprocess.run([sys.executable, "-m", "dvc", "--wait-for-lock", *arguments], check=True)
