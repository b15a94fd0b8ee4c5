"""The order in which steps run, how many at once, and what a failure stops."""

import time
from threading import Event, Lock

import pytest

from pipeline.run.graph import Step
from pipeline.run.scheduler import Outcome, run_graph

SLOTS = {"cpu": 8, "network": 8, "gpu": 8}


def step(name: str, *parents: str, slot="cpu") -> Step:
    return Step(name, slot, 0, frozenset(parents))


DIAMOND = [step("a"), step("b", "a"), step("c", "a"), step("d", "b", "c")]


class Recorder:
    """Executes by sleeping a moment; knows what ran, and how many at once at most."""

    def __init__(self, *, states=None, seconds=0.02) -> None:
        self.began: list[str] = []
        self.ended: list[str] = []
        self.most = {"all": 0}
        self._states = states or {}
        self._seconds = seconds
        self._now = {"all": 0}
        self._lock = Lock()

    def __call__(self, step: Step) -> Outcome:
        self._count(step, 1)
        time.sleep(self._seconds)
        self._count(step, -1)
        return Outcome(self._states.get(step.name, "ran"), self._seconds)

    def _count(self, step: Step, change: int) -> None:
        with self._lock:
            (self.began if change > 0 else self.ended).append(step.name)
            for kind in ("all", step.slot):
                self._now[kind] = self._now.get(kind, 0) + change
                self.most[kind] = max(self.most.get(kind, 0), self._now[kind])


def run(steps, stale, execute, *, slots=SLOTS, jobs=8, tell=lambda *_: None, ended=None) -> dict[str, str]:
    ended = {name: Outcome(state) for name, state in (ended or {}).items()}
    outcomes = run_graph(steps, stale, execute=execute, slots=slots, jobs=jobs, tell=tell, stop=lambda: None, ended=ended)
    return {name: outcome.state for name, outcome in outcomes.items()}


def test_parents_end_before_their_children_begin():
    events = []
    run(DIAMOND, {"a", "b", "c", "d"}, Recorder(), tell=lambda step, outcome: events.append((step.name, outcome is None)))
    assert events[:2] == [("a", True), ("a", False)]
    assert events[-2:] == [("d", True), ("d", False)]
    assert {name for name, begins in events[2:4] if begins} == {"b", "c"}


def test_what_ended_before_makes_nothing_stale_by_itself():
    execute, told = Recorder(states={"b": "up to date"}), []
    outcomes = run(DIAMOND, {"b"}, execute, tell=lambda step, _: told.append(step.name), ended={"a": "ran"})
    assert execute.began == ["b"]
    assert outcomes == {"a": "ran", "b": "up to date", "c": "up to date", "d": "up to date"}
    assert "a" not in told


def test_what_failed_before_stops_what_needs_it():
    execute = Recorder()
    assert run(DIAMOND, {"a", "b"}, execute, ended={"a": "failed"}) == {"a": "failed", "b": "skipped", "c": "skipped", "d": "skipped"}
    assert execute.began == []


def test_nothing_runs_where_nothing_is_stale():
    execute = Recorder()
    assert run(DIAMOND, set(), execute) == dict.fromkeys("abcd", "up to date")
    assert execute.began == []


def test_only_what_is_stale_and_what_comes_after_it_runs():
    execute = Recorder()
    assert run(DIAMOND, {"b"}, execute) == {"a": "up to date", "b": "ran", "c": "up to date", "d": "ran"}
    assert execute.began == ["b", "d"]


def test_a_step_that_turned_out_unchanged_makes_nothing_after_it_run():
    execute = Recorder(states={"b": "up to date"})
    assert run(DIAMOND, {"b"}, execute)["d"] == "up to date"
    assert execute.began == ["b"]


def test_what_was_restored_may_make_others_run():
    assert run(DIAMOND, {"a"}, Recorder(states={"a": "restored"}))["d"] == "ran"


def test_a_failure_skips_what_needs_it_and_nothing_else():
    outcomes = run([*DIAMOND, step("e", "c")], set("abcde"), Recorder(states={"b": "failed"}))
    assert outcomes == {"a": "ran", "b": "failed", "c": "ran", "d": "skipped", "e": "ran"}


def test_skipping_goes_on_down_the_graph():
    chain = [step("a"), step("b", "a"), step("c", "b")]
    assert run(chain, set("abc"), Recorder(states={"a": "failed"})) == {"a": "failed", "b": "skipped", "c": "skipped"}


def test_no_more_run_at_once_than_jobs_and_slots_allow():
    steps = [step(f"n{number}", slot="network") for number in range(6)] + [step(f"g{number}", slot="gpu") for number in range(6)]
    execute = Recorder()
    run(steps, {step.name for step in steps}, execute, slots={"cpu": 1, "network": 3, "gpu": 2}, jobs=4)
    assert execute.most["gpu"] == 2
    assert execute.most["network"] <= 3
    assert execute.most["all"] == 4


def test_steps_of_a_full_kind_hold_up_no_others():
    steps = [step("g0", slot="gpu"), step("g1", slot="gpu"), step("c0")]
    execute = Recorder(seconds=0.1)
    run(steps, {"g0", "g1", "c0"}, execute, slots={"cpu": 1, "network": 1, "gpu": 1}, jobs=2)
    assert execute.began[:2] == ["g0", "c0"]


def test_what_was_begun_is_finished_before_the_next_is():
    pairs = [step(f"train{number}") for number in range(3)] + [step(f"evaluate{number}", f"train{number}") for number in range(3)]
    execute = Recorder(seconds=0)
    run(pairs, {step.name for step in pairs}, execute, jobs=1)
    assert execute.began == ["train0", "evaluate0", "train1", "evaluate1", "train2", "evaluate2"]


def test_what_ends_the_run_early_ends_what_runs():
    is_stopped = Event()

    def execute(_step: Step) -> Outcome:
        assert is_stopped.wait(20), "nobody stopped it"
        return Outcome("failed")

    def tell(step: Step, outcome: Outcome | None) -> None:
        if step.name == "b" and outcome is None:
            raise KeyboardInterrupt

    steps = [step("a"), step("b")]
    with pytest.raises(KeyboardInterrupt):
        run_graph(steps, {"a", "b"}, execute=execute, slots=SLOTS, jobs=2, tell=tell, stop=is_stopped.set)


def test_a_defect_in_a_step_is_raised_after_the_others_were_stopped():
    is_stopped = Event()

    def execute(step: Step) -> Outcome:
        if step.name == "a":
            raise RuntimeError("a defect")
        assert is_stopped.wait(20)
        return Outcome("failed")

    with pytest.raises(RuntimeError, match="a defect"):
        run_graph([step("a"), step("b")], {"a", "b"}, execute=execute, slots=SLOTS, jobs=2, tell=lambda *_: None, stop=is_stopped.set)


def test_long_chains_are_begun_before_short_ones_and_then_finished():
    short = [step("a"), step("scores", "a")]
    long = [step("first"), step("second", "first"), step("third", "second"), step("fourth", "third")]
    execute = Recorder(seconds=0)
    run([*short, *long, step("report", "scores", "fourth")], {"a", "scores", *(one.name for one in long), "report"}, execute, jobs=1)
    assert execute.began == ["first", "second", "third", "fourth", "a", "scores", "report"]
