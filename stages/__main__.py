"""``python -m stages NAME ...`` is ``python -m stages.NAME ...``, as a fork of a prepared process where there is one."""

import sys
from pathlib import Path

from pipeline.steps.prepared import run_program

USER_ERROR = 2


def main() -> None:
    """Runs a stage, wherever, and ends as it does."""
    names = sorted(path.stem for path in Path(__file__).parent.glob("[a-z]*.py"))
    name, *arguments = sys.argv[1:] or [""]
    if name not in names:
        sys.stderr.write(f"error: stage is {name!r}; expected one of {', '.join(names)}\n")
        sys.exit(USER_ERROR)
    run_program(f"stages.{name}", arguments)


if __name__ == "__main__":
    main()
