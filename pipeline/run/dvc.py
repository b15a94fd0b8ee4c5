"""``python -m pipeline.run.dvc ARGUMENTS`` is ``python -m dvc ARGUMENTS``, as a fork of a prepared process where there is one."""

import runpy
import sys

from pipeline.steps.prepared import PREPARED_DVC, end_like, run_prepared


def main() -> None:
    """Runs DVC, wherever, and ends as it does."""
    code = run_prepared("dvc", sys.argv[1:], named=PREPARED_DVC)
    if code is not None:
        end_like(code)
    runpy.run_module("dvc", run_name="__main__", alter_sys=True)


if __name__ == "__main__":
    main()
