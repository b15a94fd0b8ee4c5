"""What reaches a user as a single line, and the one place where that line is made."""

import errno
import os
import sys
from collections.abc import Callable, Mapping
from pathlib import Path

USER_ERROR = 2
INTERRUPTED = 130
BROKEN_PIPE = 141  # what a shell reports of a program that writes to a reader who has left

MAKE_ROOM = "make room and run again: what was finished is kept"
ALLOW = "change the permission or name another place: what was finished is kept"
REMEDIES: Mapping[int, str] = {
    errno.ENOENT: "expected it to be there; check the name",
    errno.EISDIR: "expected a file; name one",
    errno.ENOTDIR: "expected a folder where it names one; name another place",
    errno.ENAMETOOLONG: "expected a shorter name",
    errno.ELOOP: "its links lead to each other; expected a file or a folder",
    errno.ENOSPC: MAKE_ROOM,
    errno.EDQUOT: MAKE_ROOM,
    errno.EACCES: ALLOW,
    errno.EPERM: ALLOW,
    errno.EROFS: ALLOW,
}


class InputError(ValueError):
    """Input that the user can mend. The message says what came, what was expected and what to do.

    The stages and the commands print it as one line and exit with code 2. So they do with what the operating system refuses (``OSError``)
    and a lack of memory. Every other exception is a defect of ours and keeps its traceback.
    """


def exit_code_of(action: Callable[[], int | None], *, interrupted: str = "interrupted", before: str = "") -> int:
    """What ``action`` returns, or what it raises as an exit code and one line: 2 the user can mend it, 130 interrupted.

    ``interrupted`` is the line of a Ctrl-C; ``before`` what is written before a line, to leave that of a progress bar.
    """
    try:
        return action() or 0
    except KeyboardInterrupt:
        line, code = interrupted, INTERRUPTED
    except BrokenPipeError as error:
        if error.filename is None:  # whoever read our lines has had enough of them
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())  # or Python would complain once more at its end
            return BROKEN_PIPE
        line, code = f"error: {line_of(error)}", USER_ERROR
    except (InputError, OSError, MemoryError) as error:
        line, code = f"error: {line_of(error)}", USER_ERROR
    sys.stderr.write(f"{before}{line}\n")
    return code


def line_of(error: InputError | OSError | MemoryError) -> str:
    """The line that says what came, what was expected and what to do."""
    if isinstance(error, OSError):
        where = error.filename or _here()
        what = error.strerror or str(error) or type(error).__name__
        text = f"{where}: {what}; {REMEDIES.get(error.errno or 0, 'expected the system to allow it; see what it says and run again')}"
    elif isinstance(error, MemoryError):
        text = f"not enough memory ({error}); expected more; close other programs or take a smaller picture, size or batch"
    else:
        text = str(error)
    return " ".join(text.split())


def _here() -> str:
    try:
        return str(Path.cwd())
    except OSError:
        return "the current folder, which is gone"
