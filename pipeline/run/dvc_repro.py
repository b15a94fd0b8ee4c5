"""A step of the graph as a ``dvc repro`` of its own."""

import errno
import math
import os
import sys
import time
from collections.abc import Callable, Mapping
from typing import Literal

from pipeline.run.child_processes import LOGS, Children
from pipeline.run.graph import BUSY_SECONDS, Step
from pipeline.run.integrity import drop_damaged
from pipeline.run.scheduler import Outcome, State
from pipeline.run.slots import Gpus
from pipeline.steps.git import UNLOCKED
from pipeline.steps.spool import SHOWN

TOLD = {**UNLOCKED, SHOWN: "1"}  # to every stage, by its environment
GIT_SECONDS = 30.0  # that another program's change of git's index is waited for; a killed git leaves its lock for ever
FULL = (os.strerror(errno.ENOSPC), os.strerror(errno.EDQUOT))
BACK_OFF_SECONDS = 5.0
HABITUAL = ("Running stage ", "> python ", "Updating lock file", "Generating lock file", "Use `dvc push`")  # DVC says it each time
Waiting = Literal["busy", "locked"]
WAITS = {"busy": "waits for another DVC that uses its files", "locked": "waits for another program that changes git's index"}
SAID: dict[str, State] = {"didn't change, skipping": "up to date", "is cached - skipping run": "restored"}


class DvcRepro:
    """Executes a step in an ``environment``; what it says goes to ``hear``, the states of its bars to ``watch``, all lines into a log.

    ``--wait-for-lock``, because DVC holds its lock whenever no stage's command runs; ``--single-item``, because without it two would
    ask for the same paths at once. Inputs and freshness stay DVC's, so the results are those of one ``dvc repro``, hash for hash.
    """

    def __init__(
        self,
        children: Children,
        gpus: Gpus,
        *,
        hear: Callable[[Step, str], None],
        watch: Callable[[Step, str], None],
        environment: Mapping[str, str] | None = None,
        retry_after: float = BACK_OFF_SECONDS,
        pull: bool = False,
    ) -> None:
        self._children = children
        self._gpus = gpus
        self._hear = hear
        self._watch = watch
        self._environment = os.environ | TOLD if environment is None else environment
        self._retry_after = retry_after
        self._options = ["--single-item", *(["--pull"] if pull else [])]

    def __call__(self, step: Step) -> Outcome:
        """Tries it, and again as often as the step allows, each time after a longer wait."""
        start = time.monotonic()
        gpu = self._gpus.take() if step.slot == "gpu" else {}
        try:
            state = self._attempt(step, gpu)
            for attempt in range(step.retries):
                if state != "failed" or self._children.are_ended:
                    break
                seconds = self._retry_after * 2**attempt
                self._hear(step, f"failed; again in {seconds:.0f} s")
                self._children.pause(seconds)
                state = self._attempt(step, gpu)
            if state == "restored":
                state = self._checked(step, gpu)
        finally:
            self._gpus.give_back(gpu)
        return Outcome(state, time.monotonic() - start)

    def _attempt(self, step: Step, gpu: Mapping[str, str], *options: str) -> State:
        """Once, but for as long as a DVC of somebody else uses the same files."""
        patience = {"busy": math.inf, "locked": GIT_SECONDS}
        since: dict[str, float] = {}
        while (state := self._once(step, gpu, *options)) in patience and not self._children.are_ended:
            if state not in since:
                since[state] = time.monotonic()
                self._hear(step, WAITS[state])
            elif time.monotonic() - since[state] > patience[state]:
                self._hear(step, "git's index stays locked; if no program uses it, delete .git/index.lock and run again")
                break
            self._children.pause(BUSY_SECONDS)
        if state == "busy" or state == "locked":
            return "failed"
        # What was made before DVC found git locked is up to date now, but those behind it do not know it.
        return "ran" if "locked" in since and state == "up to date" else state

    def _checked(self, step: Step, gpu: Mapping[str, str]) -> State:
        """DVC restores what its cache has without looking at it; what is damaged there is dropped and made again."""
        found = drop_damaged(step.name)
        if not found:
            return "restored"
        named = f"{found[0].path}{f' and {len(found) - 1} more' if len(found) > 1 else ''}"
        self._hear(step, f"restored, but not what dvc.lock says: {named}; dropped, and made again")
        return self._attempt(step, gpu, "--force")

    def _once(self, step: Step, gpu: Mapping[str, str], *options: str) -> State | Waiting:
        heard: list[State | Waiting] = []
        is_full = False
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{step.name}.log").open("w", encoding="utf-8") as log:

            def hear(line: str) -> None:
                nonlocal is_full
                log.write(f"{line}\n")
                is_full = is_full or any(words in line for words in FULL)
                if said := _meaning(line, step.name):
                    heard.append(said)
                if heard != ["busy"] and not line.startswith(HABITUAL):
                    self._hear(step, line)

            command = [sys.executable, "-m", "pipeline.run.dvc", "--wait-for-lock", "repro", *self._options, *options, step.name]
            code = self._children.run(
                command,
                environment={**self._environment, **gpu},
                on_line=hear,
                on_bar=lambda text: self._watch(step, text),
            )
        if code == 0:
            return heard[0] if heard else "ran"
        if is_full:  # the others would fail as well, or be half written
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), step.name)
        return heard[-1] if heard and heard[-1] in WAITS else "failed"


def _meaning(line: str, name: str) -> State | Waiting | None:
    """What a line of DVC's says of the stage; None if it says nothing of how it goes."""
    if "is busy, it is being blocked by" in line:
        return "busy"
    if line.startswith("ERROR: ") and "index.lock" in line:
        return "locked"
    return next((state for words, state in SAID.items() if f"Stage '{name}' {words}" in line), None)
