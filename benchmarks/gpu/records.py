"""The file of results: rows as they are measured, and those that were not reached."""

import gc
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import torch

from benchmarks.gpu.scale import Scale
from imharmony.storage.files import write_text
from pipeline.steps.fingerprints import source_code
from reporting.run_facts import run_facts

Row = dict[str, object]
MEASURED, NOT_REACHED = "measured", "not reached"


class SkippedError(Exception):
    """What a row needs is not there; the message says what."""


@dataclass(frozen=True)
class Job:
    """A row to be: ``what`` names it; ``measure`` takes the seconds that it may use and returns its values."""

    what: Row
    measure: Callable[[float], Row]
    least_s: float = 0.0  # it is not begun with less time left


class Record:
    """The results so far, on the disk after each row, whole whenever the run ends."""

    def __init__(self, path: Path, scale: Scale, *, minutes: float, planned: Mapping[str, Sequence[Row]]) -> None:
        self._path, self._begin, self._seconds = path, time.perf_counter(), 60 * minutes
        self._rows: dict[str, list[Row]] = {name: [{**what, "status": NOT_REACHED} for what in whats] for name, whats in planned.items()}
        self._facts = facts_of(scale) | {"minutes": minutes}
        self._write()

    def run(self, part: str, jobs: Sequence[Job], *, until: float) -> None:
        """Measures a part's rows up to a share of all time; each may use as much as the others."""
        end = self._begin + until * self._seconds
        for place, job in enumerate(jobs):
            left = end - time.perf_counter()
            if left <= job.least_s:
                continue
            begin = time.perf_counter()
            found = self._tried(job, left / (len(jobs) - place))
            self._rows[part][place] = {**job.what, **found, "seconds": round(time.perf_counter() - begin, 3)}
            print(part, *(f"{name}={value}" for name, value in self._rows[part][place].items()), flush=True)
            self._write()

    def _tried(self, job: Job, seconds: float) -> Row:
        try:
            return {**job.measure(seconds), "status": MEASURED}
        except SkippedError as reason:
            return {"status": f"skipped: {reason}"}
        except Exception as error:  # one row that fails takes no other with it
            said = " ".join(str(error).split())[:300]
            return {"status": f"failed: {type(error).__name__}: {said}"}
        finally:
            gc.collect()
            if torch.cuda.is_available():
                torch.cuda.empty_cache()

    def _write(self) -> None:
        text = json.dumps(self._facts | {"rows": self._rows}, indent=1)
        self._path.parent.mkdir(parents=True, exist_ok=True)
        write_text(self._path, text + "\n")


def facts_of(scale: Scale) -> Row:
    """The device and the machine, the software, the code and the data."""
    facts = run_facts()
    versions = {"cuda": torch.version.cuda, "cudnn": torch.backends.cudnn.version() if torch.backends.cudnn.is_available() else None}
    software = facts["software"]
    return {
        "device": torch.cuda.get_device_name() if scale.device.type == "cuda" else "cpu, in miniature",
        "hardware": facts["hardware"],
        "software": (software if isinstance(software, dict) else {}) | versions,
        "code": {"commit": facts["commit"], "training": source_code().trace("imharmony.training.loop", "fit").code[:16]},
        "data": {"what": f"{scale.pictures} drawn pictures of {scale.size_px} px", "hash": scale.data_hash},
    }
