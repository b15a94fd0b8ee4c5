"""How every stage starts and ends: arguments from the stage's docstring, and errors as one line."""

import argparse
import errno
import logging
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

from imharmony.errors import InputError
from pipeline.steps.spool import mirrored

USER_ERROR = 2
INTERRUPTED = 130


def run_stage(main: Callable[..., None], description: str | None, arguments: Mapping[str, type]) -> None:
    """Parses positional ``arguments``, calls ``main`` with them and exits.

    Exit codes: 0 done; 2 the user can mend it (one line says how); 130 interrupted. A defect of ours keeps its traceback.
    """
    parser = argparse.ArgumentParser(description=description)
    for name, kind in arguments.items():
        parser.add_argument(name, type=kind)
    values = vars(parser.parse_args())
    with mirrored():
        logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
        logging.getLogger("httpx").setLevel(logging.WARNING)
        sys.exit(exit_code_of(main, values))


def exit_code_of(main: Callable[..., int | None], values: Mapping[str, object]) -> int:
    """The exit code that ``main`` returns, or what it raises as one, with at most one line on standard error."""
    try:
        return main(**values) or 0
    except InputError as error:
        return _say(f"error: {error}", USER_ERROR)
    except KeyboardInterrupt:
        return _say("interrupted: what was finished is kept in .work/ and taken up by the next run", INTERRUPTED)
    except OSError as error:
        if error.errno not in {errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES}:
            raise
        where, what = error.filename or Path.cwd(), os.strerror(error.errno)
        return _say(f"error: {where}: {what}; make room or change the permission and run again: what was finished is kept", USER_ERROR)


def _say(line: str, code: int) -> int:
    sys.stderr.write(f"\n{' '.join(line.split())}\n")
    return code
