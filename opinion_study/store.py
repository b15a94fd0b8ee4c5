"""The votes of a study, in SQLite, so that what was acknowledged survives a crash of the server or of the machine.

Nothing about a person is kept: a rater is a number and the hash of a token; no name, address, cookie or time.
"""

import hashlib
import os
import secrets
import sqlite3
import stat
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from threading import Lock
from typing import NamedTuple

from imharmony.errors import InputError

TOKEN_BYTES = 16  # 128 bits cannot be guessed
PATIENCE_S = 30.0
PRIVATE = 0o600
BESIDE = ("-wal", "-shm", "-journal")  # files of SQLite's own
COLUMNS = {"study": ["sha256"], "raters": ["rater", "token_sha256"], "votes": ["rater", "trial", "score"]}
ELSEWHERE = "expected the file that `study serve` wrote; move this one away and serve again"
SCHEMA = """
CREATE TABLE IF NOT EXISTS study (sha256 TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS raters (rater INTEGER PRIMARY KEY, token_sha256 TEXT NOT NULL UNIQUE);
CREATE TABLE IF NOT EXISTS votes (
  rater INTEGER NOT NULL REFERENCES raters, trial INTEGER NOT NULL, score INTEGER NOT NULL, PRIMARY KEY (rater, trial)
) WITHOUT ROWID;
"""


class Vote(NamedTuple):
    """An answer: the rater's number, the position in the rater's order, the choice from 1."""

    rater: int
    trial: int
    score: int


class UnknownRaterError(LookupError):
    """No rater has this token."""


class RefusedVoteError(ValueError):
    """A vote that contradicts an earlier one or comes too early; the message says which."""


def votes_path(folder: Path) -> Path:
    """The file of votes in a study's folder."""
    return folder / "votes.sqlite"


class VoteStore:
    """The open file of votes; its methods may be called from several threads."""

    def __init__(self, path: Path, *, study_sha256: str) -> None:
        self._lock = Lock()
        _make_private(path)
        try:
            self._connection = sqlite3.connect(path, timeout=PATIENCE_S, isolation_level=None, check_same_thread=False)
        except sqlite3.Error as error:
            raise InputError(f"{path}: cannot be opened ({error}); {_advice(error)}") from error
        try:
            self._connection.execute("PRAGMA journal_mode = WAL")
            self._connection.execute("PRAGMA synchronous = FULL")  # a vote is on the disk before it is acknowledged
            self._connection.execute("PRAGMA foreign_keys = ON")
            self._connection.executescript(SCHEMA)
            _expect_tables(self._connection, path)
            _expect_study(self._connection, path, study_sha256, is_new_allowed=True)
        except BaseException as error:
            self._connection.close()
            if isinstance(error, sqlite3.Error):
                raise InputError(f"{path}: not usable as a file of votes ({error}); {_advice(error)}") from error
            raise

    def close(self) -> None:
        """Ends the use of the file."""
        with self._lock:
            self._connection.close()

    def begin(self) -> str:
        """A new rater, with the next number; returns the token that is the rater's only key."""
        token = secrets.token_urlsafe(TOKEN_BYTES)
        with self._transaction() as connection:
            (number,) = connection.execute("SELECT COUNT(*) FROM raters").fetchone()
            connection.execute("INSERT INTO raters VALUES (?, ?)", (number, _hash_of(token)))
        return token

    def progress(self, token: str) -> tuple[int, int]:
        """The rater's number, and how many trials are answered, which is also the next one's position."""
        with self._lock:
            return _progress(self._connection, token)

    def record(self, token: str, *, trial: int, score: int) -> None:
        """Keeps an answer. The same again changes nothing; another one for the same trial, or one out of order, is refused."""
        with self._transaction() as connection:
            rater, done = _progress(connection, token)
            if trial > done:
                raise RefusedVoteError(f"trial {trial} comes later; expected an answer to trial {done}; load the page again")
            if trial == done:
                connection.execute("INSERT INTO votes VALUES (?, ?, ?)", (rater, trial, score))
                return
            (kept,) = connection.execute("SELECT score FROM votes WHERE rater = ? AND trial = ?", (rater, trial)).fetchone()
            if kept != score:
                raise RefusedVoteError(
                    f"trial {trial} was answered with {kept}; a second answer, {score}, is not taken; load the page again"
                )

    @contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        with self._lock:
            self._connection.execute("BEGIN IMMEDIATE")
            try:
                yield self._connection
            except BaseException:
                if self._connection.in_transaction:  # a full disk has ended it already
                    self._connection.execute("ROLLBACK")
                raise
            self._connection.execute("COMMIT")


def read_votes(path: Path, *, study_sha256: str) -> list[Vote]:
    """All votes by rater and trial; the file may be in use by a server."""
    if not path.exists():
        raise InputError(f"{path}: no votes yet; expected some; collect them with `harmonize study serve {path.parent}`")
    _expect_file(path)
    try:
        with closing(sqlite3.connect(f"{path.resolve().as_uri()}?mode=ro", uri=True, timeout=PATIENCE_S)) as connection:
            _expect_tables(connection, path)
            _expect_study(connection, path, study_sha256, is_new_allowed=False)
            return [Vote(*row) for row in connection.execute("SELECT rater, trial, score FROM votes ORDER BY rater, trial")]
    except sqlite3.Error as error:
        raise InputError(f"{path}: cannot be read as a file of votes ({error}); {_advice(error)}") from error


def _make_private(path: Path) -> None:
    """Makes the file if it is not there, and lets nobody but its owner read it; SQLite gives the files beside it the same rights."""
    try:
        os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_RDWR, PRIVATE))
    except FileExistsError:
        _expect_file(path)
    for name in (path, *(path.with_name(f"{path.name}{ending}") for ending in BESIDE)):
        if name.is_file() and stat.S_IMODE(name.stat().st_mode) & ~PRIVATE:
            name.chmod(stat.S_IMODE(name.stat().st_mode) & PRIVATE)


def _expect_file(path: Path) -> None:
    """SQLite would wait at a pipe and say of a folder that it cannot be opened."""
    if not path.is_file():
        what = "a folder" if path.is_dir() else "not a file"
        raise InputError(f"{path}: {what}; expected the file of votes that `study serve` writes; move it away")


def _expect_tables(connection: sqlite3.Connection, path: Path) -> None:
    """Refuses tables that are called as ours and are others, and votes that are no whole numbers."""
    for table, columns in COLUMNS.items():
        found = [row[1] for row in connection.execute(f"PRAGMA table_info({table})")]
        if found != columns:
            raise InputError(f"{path}: its table {table} has the columns {found}; expected {columns}; {ELSEWHERE}")
    whole = " AND ".join(f"typeof({column}) = 'integer'" for column in COLUMNS["votes"])
    (wrong,) = connection.execute(f"SELECT COUNT(*) FROM votes WHERE NOT ({whole})").fetchone()
    if wrong:
        raise InputError(f"{path}: {wrong} of its votes are no whole numbers; expected rater, trial and score; {ELSEWHERE}")


def _advice(error: sqlite3.Error) -> str:
    text = str(error)
    if "locked" in text or "busy" in text:
        return "another program holds it; end that one and try again"
    if "readonly" in text or "unable to open" in text or "attempt to write" in text:
        return "change the permissions of the file and of its folder"
    if "full" in text:
        return "make room and try again"
    return ELSEWHERE


def _progress(connection: sqlite3.Connection, token: str) -> tuple[int, int]:
    row = connection.execute("SELECT rater FROM raters WHERE token_sha256 = ?", (_hash_of(token),)).fetchone()
    if row is None:
        raise UnknownRaterError("no rater has this link; expected the whole address as it was given; begin anew at the first page")
    (done,) = connection.execute("SELECT COUNT(*) FROM votes WHERE rater = ?", row).fetchone()
    return row[0], done


def _expect_study(connection: sqlite3.Connection, path: Path, sha256: str, *, is_new_allowed: bool) -> None:
    found = connection.execute("SELECT sha256 FROM study").fetchone()
    if found is None and is_new_allowed:
        connection.execute("INSERT INTO study VALUES (?)", (sha256,))
    elif found is None or found[0] != sha256:
        raise InputError(
            f"{path}: votes on another study.json; expected those on the one beside it; move the file away or restore that one"
        )


def _hash_of(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
