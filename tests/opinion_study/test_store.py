"""Votes are kept once, in order, and survive whoever wrote them."""

import os
import signal
import sqlite3
import stat
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing

import pytest

from imharmony.errors import InputError
from opinion_study.store import RefusedVoteError, UnknownRaterError, Vote, VoteStore, read_votes
from tests.conftest import ROOT

DIGEST = "a" * 64


@pytest.fixture
def path(tmp_path):
    return tmp_path / "votes.sqlite"


@pytest.fixture
def store(path):
    store = VoteStore(path, study_sha256=DIGEST)
    yield store
    store.close()


def test_votes_are_read_back_while_the_store_is_open(store, path):
    first, second = store.begin(), store.begin()
    for token, trial, score in ((second, 0, 4), (first, 0, 2), (second, 1, 5)):
        store.record(token, trial=trial, score=score)
    assert read_votes(path, study_sha256=DIGEST) == [Vote(0, 0, 2), Vote(1, 0, 4), Vote(1, 1, 5)]
    assert (store.progress(first), store.progress(second)) == ((0, 1), (1, 2))


def test_the_same_vote_again_changes_nothing_and_another_one_is_refused(store, path):
    token = store.begin()
    store.record(token, trial=0, score=3)
    store.record(token, trial=0, score=3)
    with pytest.raises(RefusedVoteError, match="trial 0 was answered with 3; a second answer, 4, is not taken"):
        store.record(token, trial=0, score=4)
    assert read_votes(path, study_sha256=DIGEST) == [Vote(0, 0, 3)]


def test_a_vote_on_a_later_trial_is_refused(store):
    with pytest.raises(RefusedVoteError, match="trial 1 comes later; expected an answer to trial 0"):
        store.record(store.begin(), trial=1, score=3)


def test_a_token_that_nobody_has_is_unknown(store):
    store.begin()
    with pytest.raises(UnknownRaterError, match="no rater has this link"):
        store.record("guess", trial=0, score=3)


def test_tokens_are_not_stored_nor_anything_about_a_person(store, path):
    token = store.begin()
    store.record(token, trial=0, score=3)
    store.close()
    assert token.encode() not in path.read_bytes()
    with sqlite3.connect(path) as connection:
        columns = {name: [row[1] for row in connection.execute(f"PRAGMA table_info({name})")] for name in ("study", "raters", "votes")}
    connection.close()
    assert columns == {"study": ["sha256"], "raters": ["rater", "token_sha256"], "votes": ["rater", "trial", "score"]}


def test_threads_lose_no_vote_and_share_no_number(store, path):
    def rate(_):
        token = store.begin()
        for trial in range(20):
            store.record(token, trial=trial, score=trial % 5 + 1)

    with ThreadPoolExecutor(12) as pool:
        list(pool.map(rate, range(12)))
    assert read_votes(path, study_sha256=DIGEST) == [Vote(rater, trial, trial % 5 + 1) for rater in range(12) for trial in range(20)]


def test_a_vote_is_on_the_disk_before_record_returns(path):
    code = f"""
import os, signal
from pathlib import Path
from opinion_study.store import VoteStore
store = VoteStore(Path({str(path)!r}), study_sha256={DIGEST!r})
token = store.begin()
for trial in range(7):
    store.record(token, trial=trial, score=1)
os.kill(os.getpid(), signal.SIGKILL)
"""
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=False)
    assert done.returncode == -signal.SIGKILL
    assert len(read_votes(path, study_sha256=DIGEST)) == 7
    store = VoteStore(path, study_sha256=DIGEST)
    assert store._connection.execute("PRAGMA journal_mode").fetchone() == ("wal",)
    assert store._connection.execute("PRAGMA synchronous").fetchone() == (2,)  # FULL
    store.close()


def test_votes_on_another_study_are_refused(store, path):
    store.close()
    for refused in (lambda: VoteStore(path, study_sha256="b" * 64), lambda: read_votes(path, study_sha256="b" * 64)):
        with pytest.raises(InputError, match=r"votes on another study\.json"):
            refused()


def test_a_file_that_holds_no_votes_is_named(path):
    with pytest.raises(InputError, match="no votes yet"):
        read_votes(path, study_sha256=DIGEST)
    path.write_bytes(b"no database at all, and long enough to be read as one")
    for refused in (lambda: VoteStore(path, study_sha256=DIGEST), lambda: read_votes(path, study_sha256=DIGEST)):
        with pytest.raises(InputError, match=r"votes\.sqlite: .*not a database"):
            refused()


@pytest.mark.parametrize("mask", [0o000, 0o022])
def test_nobody_but_the_owner_reads_votes(path, mask):
    before = os.umask(mask)
    try:
        with closing(VoteStore(path, study_sha256=DIGEST)) as store:
            store.begin()
            modes = {file.name: stat.S_IMODE(file.stat().st_mode) for file in path.parent.iterdir()}
    finally:
        os.umask(before)
    assert set(modes) == {"votes.sqlite", "votes.sqlite-wal", "votes.sqlite-shm"}
    assert set(modes.values()) == {0o600}


def test_a_file_that_others_could_read_is_closed_to_them(path):
    VoteStore(path, study_sha256=DIGEST).close()
    path.chmod(0o644)
    VoteStore(path, study_sha256=DIGEST).close()
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def other_schema(path):
    with closing(sqlite3.connect(path)) as connection:
        connection.executescript("CREATE TABLE votes (a, b); CREATE TABLE study (sha256 TEXT NOT NULL)")


def votes_in_words(path):
    VoteStore(path, study_sha256=DIGEST).close()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("INSERT INTO raters VALUES (0, 'x')")
        connection.execute("INSERT INTO votes VALUES (0, 0, 'fine')")
        connection.commit()


@pytest.mark.parametrize(
    ("spoil", "told"),
    [
        (lambda path: path.mkdir(), "a folder; expected the file of votes"),
        (os.mkfifo, "not a file; expected the file of votes"),
        (lambda path: path.write_bytes(b"no database" * 1000), "file is not a database"),
        (lambda path: path.write_bytes(b"SQLite format 3\x00" + b"\xff" * 5000), "votes.sqlite"),
        (other_schema, "has the columns"),
        (votes_in_words, "1 of its votes are no whole numbers"),
    ],
)
@pytest.mark.parametrize("read", [lambda path: VoteStore(path, study_sha256=DIGEST), lambda path: read_votes(path, study_sha256=DIGEST)])
def test_what_is_no_file_of_votes_is_one_line(spoil, told, read, path):
    spoil(path)
    with pytest.raises(InputError) as error:
        read(path)
    assert told in str(error.value)
    assert "\n" not in str(error.value)


def test_a_file_that_another_program_holds_is_said_so(path, monkeypatch):
    monkeypatch.setattr("opinion_study.store.PATIENCE_S", 0.1)
    with closing(sqlite3.connect(path)) as other:
        other.execute("BEGIN EXCLUSIVE")
        with pytest.raises(InputError, match="another program holds it; end that one"):
            VoteStore(path, study_sha256=DIGEST)


def test_a_link_to_nowhere_is_not_followed(path):
    path.symlink_to(path.with_name("elsewhere"))
    with pytest.raises(InputError, match="not a file"):
        VoteStore(path, study_sha256=DIGEST)
    assert not path.with_name("elsewhere").exists()
