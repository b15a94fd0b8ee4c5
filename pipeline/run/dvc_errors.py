"""What DVC raises, as the one line that a user can do something with."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager

from dvc.exceptions import DvcException
from dvc.lock import LockError
from scmrepo.exceptions import SCMError

from imharmony.errors import InputError
from pipeline.run.lock_file import read_lock


@contextmanager
def dvc_errors() -> Iterator[None]:
    """Within it, whatever is wrong with DVC's files is an ``InputError``; that another DVC holds its lock stays a ``LockError``."""
    try:
        yield
    except LockError:
        raise
    except sqlite3.Error as error:  # of the database in which DVC remembers hashes
        raise InputError(f"DVC's database: {error}; expected room and permission to write; make room and run again") from error
    except RecursionError as error:
        raise InputError("dvc.yaml or dvc.lock: nested too deeply; expected what DVC writes; take the last commit's") from error
    except (DvcException, SCMError) as error:
        read_lock()  # where it is the lock that is broken, says what to do
        raise InputError(f"DVC: {' '.join(str(error).split())}") from error
