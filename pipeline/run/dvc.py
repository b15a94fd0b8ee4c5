"""``python -m pipeline.run.dvc ARGUMENTS`` is ``python -m dvc ARGUMENTS``, as a fork of a prepared process where there is one."""

import sys

from pipeline.steps.prepared import PREPARED_DVC, run_program

if __name__ == "__main__":
    run_program("dvc", sys.argv[1:], named=PREPARED_DVC)
