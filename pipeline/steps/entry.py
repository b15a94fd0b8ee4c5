"""How every stage starts and ends: arguments from the stage's docstring, and errors as one line."""

import argparse
import logging
import os
import sys
from collections.abc import Callable, Mapping

from imharmony import errors
from pipeline.steps.git import UNLOCKED, has_repository
from pipeline.steps.spool import mirrored
from pipeline.steps.work_folders import WORK, drop_older

log = logging.getLogger(__name__)

KEPT = "interrupted: what was finished is kept in .work/ and taken up by the next run"


def run_stage(main: Callable[..., None], description: str | None, arguments: Mapping[str, type]) -> None:
    """Parses positional ``arguments``, calls ``main`` with them and exits.

    Exit codes: 0 done; 2 the user can mend it (one line says how); 130 interrupted. A defect of ours keeps its traceback.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, kind in arguments.items():
        parser.add_argument(name, type=kind)
    values = vars(parser.parse_args())
    os.environ.update(UNLOCKED)  # of all that the stage starts, too
    with mirrored():
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        sys.exit(exit_code_of(_begun, {"main": main, "values": values}))


def _begun(main: Callable[..., int | None], values: Mapping[str, object]) -> int | None:
    """Under DVC, what it would refuse when the stage has ended ends it before it begins; and ``.work/`` does not grow."""
    if "DVC_STAGE" in os.environ:
        has_repository()
    code = main(**values)
    if not code and (dropped := drop_older()):
        log.info("%s: dropped %d folders of older code or parameters", WORK, len(dropped))
    return code


def exit_code_of(main: Callable[..., int | None], values: Mapping[str, object]) -> int:
    """The exit code that ``main`` returns, or what it raises as one, with at most one line on standard error."""
    return errors.exit_code_of(lambda: main(**values), interrupted=KEPT, before="\n")
