"""What the harness of hostile inputs says of each way in which a program can end: were it blind, its table would be worth nothing."""

import mmap
import os
import signal
import sys
import time
from pathlib import Path

import pytest

from benchmarks.hostile.attempts import BAD, GOOD, IN, OUT, Attempt, tried
from benchmarks.hostile.damage import JUNK, changed_trees, damaged
from imharmony.errors import InputError, exit_code_of


def refused() -> int:
    def act() -> None:
        raise InputError("x: came this; expected that")

    return exit_code_of(act)


def written(code: int, *, result: bool = False) -> int:
    if result:
        Path(OUT, "result.png").write_bytes(b"1")
    return refused() if code == 2 else code


def several_lines() -> int:
    sys.stderr.write("error: one\nerror: two\n")
    return 2


def unheard() -> None:
    sys.exit("a message without a code of its own")


def removed() -> None:
    Path(IN, "photo").unlink()


def overwritten() -> int:
    Path(IN, "photo").write_bytes(b"2")
    return refused()


ENDS = {
    "done": lambda: None,
    "refused": refused,
    "traceback": lambda: 1 // 0,
    "hang": lambda: time.sleep(60),
    "crash": lambda: os.kill(os.getpid(), signal.SIGKILL),
    "lost": removed,
    "lines": several_lines,
    "code": unheard,
}


def ended(act, **options) -> str:
    return tried(Attempt("kind", "name", lambda: Path(IN, "photo").write_bytes(b"1"), act, seconds=1.0, **options)).state


@pytest.mark.parametrize("state", sorted(ENDS))
def test_each_end_is_called_by_its_name(state):
    assert state in (*GOOD, *BAD)
    assert ended(ENDS[state]) == state


def test_an_input_that_changed_is_lost_even_where_it_was_refused():
    assert ended(overwritten) == "lost"


def test_success_is_silent_where_the_result_is_wrong_or_nothing_could_be_meant():
    assert ended(lambda: None, judge=lambda: "black") == "silent"
    assert ended(lambda: None, is_wrong=True) == "silent"
    assert ended(refused, is_wrong=True) == "refused"


def test_a_refusal_that_left_a_result_is_silent():
    assert ended(lambda: written(2)) == "refused"
    assert ended(lambda: written(2, result=True)) == "silent"


def test_another_exit_code_can_be_a_success():
    assert ended(lambda: 1) == "code"
    assert ended(lambda: 1, codes=(0, 1)) == "done"


def test_memory_beyond_the_bound_is_told(monkeypatch):
    monkeypatch.setattr("benchmarks.hostile.attempts.MOST_BYTES", 50 << 20)

    def fill():
        with mmap.mmap(-1, 200 << 20) as fresh:  # no memory that this process has had already and freed
            fresh.write(b"x" * len(fresh))

    assert ended(fill) == "memory"


def test_damage_is_the_same_each_time_and_never_none():
    data = bytes(range(256)) * 4
    first, again = dict(damaged(data, seed=1)), dict(damaged(data, seed=1))
    assert first == again
    assert len(first) > 30
    assert data not in first.values()


def test_every_place_of_a_tree_is_missing_once_and_has_every_odd_value_once():
    names = [name for name, _ in changed_trees({"a": [{"b": 1}, {"b": 2}], "c": 3})]
    assert len(names) == len(set(names)) == 4 * (1 + len(JUNK))
    assert dict(changed_trees({"a": 1}))["a missing"] == {}
