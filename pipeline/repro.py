"""A step of the graph as a ``dvc repro`` of its own."""

import os
import re
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from pipeline.children import Children
from pipeline.graph import Step
from pipeline.runner import Outcome, State
from pipeline.slots import Gpus

LOGS = Path(".work/logs")
BACK_OFF_SECONDS = 5.0
SAID: dict[str, State] = {"didn't change, skipping": "up to date", "is cached - skipping run": "restored"}


class DvcRepro:
    """Executes a step; what it says goes to ``say`` behind its name, and whole into a log.

    ``--wait-for-lock``, because DVC holds its lock whenever no stage's command runs; ``--single-item``, because without it two would
    ask for the same paths at once. Inputs and freshness stay DVC's, so the results are those of one ``dvc repro``, hash for hash.
    """

    def __init__(self, children: Children, gpus: Gpus, *, say: Callable[[str], None], retry_after: float = BACK_OFF_SECONDS) -> None:
        self._children = children
        self._gpus = gpus
        self._say = say
        self._retry_after = retry_after

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
                self._say(f"{step.name}: failed; again in {seconds:.0f} s")
                self._children.pause(seconds)
                state = self._attempt(step, gpu)
        finally:
            self._gpus.give_back(gpu)
        return Outcome(state, time.monotonic() - start)

    def _attempt(self, step: Step, gpu: Mapping[str, str]) -> State:
        states: list[State] = ["ran"]
        own = re.escape(step.name)
        LOGS.mkdir(parents=True, exist_ok=True)
        with (LOGS / f"{step.name}.log").open("w", encoding="utf-8") as log:

            def hear(line: str) -> None:
                log.write(f"{line}\n")
                self._say(f"{step.name} | {line}")
                states.extend(state for words, state in SAID.items() if re.search(rf"Stage '{own}' {re.escape(words)}", line))

            command = [sys.executable, "-m", "dvc", "--wait-for-lock", "repro", "--single-item", step.name]
            code = self._children.run(command, environment=os.environ | gpu, on_line=hear)
        return states[-1] if code == 0 else "failed"
