"""A step of the graph as a ``dvc repro`` of its own."""

import os
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Literal

from pipeline.run.child_processes import Children
from pipeline.run.graph import BUSY_SECONDS, Step
from pipeline.run.scheduler import Outcome, State
from pipeline.run.slots import Gpus
from pipeline.steps.spool import SHOWN

LOGS = Path(".work/logs")
BACK_OFF_SECONDS = 5.0
HABITUAL = ("Running stage ", "> python ", "Updating lock file", "Generating lock file", "Use `dvc push`")  # DVC says it each time
SAID: dict[str, State] = {"didn't change, skipping": "up to date", "is cached - skipping run": "restored"}


class DvcRepro:
    """Executes a step; what it says goes to ``hear``, the states of its bars to ``watch``, and every line into a log.

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
        retry_after: float = BACK_OFF_SECONDS,
        pull: bool = False,
    ) -> None:
        self._children = children
        self._gpus = gpus
        self._hear = hear
        self._watch = watch
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
        finally:
            self._gpus.give_back(gpu)
        return Outcome(state, time.monotonic() - start)

    def _attempt(self, step: Step, gpu: Mapping[str, str]) -> State:
        """Once, but for as long as a DVC of somebody else uses the same files."""
        state = self._once(step, gpu)
        if state == "busy":
            self._hear(step, "waits for another DVC that uses its files")
        while state == "busy" and not self._children.are_ended:
            self._children.pause(BUSY_SECONDS)
            state = self._once(step, gpu)
        return "failed" if state == "busy" else state

    def _once(self, step: Step, gpu: Mapping[str, str]) -> State | Literal["busy"]:
        heard: list[State | Literal["busy"]] = []
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{step.name}.log").open("w", encoding="utf-8") as log:

            def hear(line: str) -> None:
                log.write(f"{line}\n")
                if said := _meaning(line, step.name):
                    heard.append(said)
                if heard != ["busy"] and not line.startswith(HABITUAL):
                    self._hear(step, line)

            command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", *self._options, step.name]
            code = self._children.run(
                command, environment={**os.environ, SHOWN: "1", **gpu}, on_line=hear, on_bar=lambda text: self._watch(step, text)
            )
        if code == 0:
            return heard[0] if heard else "ran"
        return "busy" if heard == ["busy"] else "failed"


def _meaning(line: str, name: str) -> State | Literal["busy"] | None:
    """What a line of DVC's says of the stage; None if it says nothing of how it goes."""
    if "is busy, it is being blocked by" in line:
        return "busy"
    return next((state for words, state in SAID.items() if f"Stage '{name}' {words}" in line), None)
