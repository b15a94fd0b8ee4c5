"""One picture of ``harmonize folder``, in a process that keeps the model and the background that it has loaded."""

import errno
import hashlib
import json
import logging
import sys
import time
from functools import cache, lru_cache
from pathlib import Path
from typing import NamedTuple

import numpy as np

from imharmony.errors import InputError, line_of
from imharmony.harmonizing.api import Harmonizer
from imharmony.harmonizing.cutout import Placement
from imharmony.harmonizing.ledger import Row, append_row, row_of
from imharmony.harmonizing.models import model_key
from imharmony.harmonizing.offers import Direction
from imharmony.harmonizing.photo_file import Given, doubt_of, harmonize_file, read_cut_out, read_pair, unsure_of
from imharmony.pictures.mask_files import read_mask
from imharmony.storage.files import sha256_of
from imharmony.storage.places import expect_place

NO_ROOM = {errno.ENOSPC, errno.EDQUOT, errno.EROFS}  # the next picture would fare no better

log = logging.getLogger(__name__)


class Settings(NamedTuple):
    """What all pictures of a run share."""

    model: str
    device: str
    intrinsic: Path | None
    strength: float
    direction: Direction
    cautious: bool
    max_megapixels: int
    background: Path | None
    placement: Placement
    threads: int  # of each process, for torch


class Job(NamedTuple):
    """One result that is to be made."""

    photo: Path
    masks: tuple[Path, ...]
    out: Path
    named: Row  # how the table calls photograph, mask and output; the rest is empty
    known: str  # the key under which the output was made before; "" if it was not
    table: Path
    settings: Settings


def work(job: Job) -> Row | None:
    """Harmonizes one picture, writes it and its row; None where the output is there already, made of the same by the same.

    Whatever is wrong with the picture is said in its row. Raises where no other picture would fare better: without its model, or without
    room to write.
    """
    key_of_model, begin = _model_key(job.settings.model, job.settings.intrinsic), time.perf_counter()
    try:
        key = _key(job, key_of_model)
        if key == job.known and job.out.is_file():
            return None
        expect_place(job.out, inputs=[job.photo, *job.masks, *filter(None, [job.settings.background])])
        given = _given(job)
    except (InputError, OSError, MemoryError) as error:
        return _recorded(job, begin, status="failed", why=_why(error))
    begin -= time.perf_counter()
    harmonizer = _harmonizer(job.settings)  # outside: what is wrong with it is wrong for all
    begin += time.perf_counter()
    try:
        values = _made(job, harmonizer, given)
    except Exception as error:
        if not isinstance(error, InputError | OSError | MemoryError):
            log.exception("%s: a defect of ours", job.photo)
        return _recorded(job, begin, status="failed", why=_why(error))
    return _recorded(job, begin, **values, key=key)


def _made(job: Job, harmonizer: Harmonizer, given: Given) -> dict[str, str]:
    settings = job.settings
    done = harmonize_file(harmonizer, given, job.out, strength=settings.strength, direction=settings.direction, cautious=settings.cautious)
    if done.is_left:
        return {"status": "left", "why": "no improvement is expected"}
    is_asked = settings.direction == "foreground" and settings.background is None
    return {
        "status": "harmonized",
        "why": "; ".join(filter(None, (doubt_of(given) if is_asked else None, unsure_of(done)))),
        "words": done.proposal.explanation(done.strength).words,
    }


def _given(job: Job) -> Given:
    settings = job.settings
    if settings.background is not None:
        return read_cut_out(job.photo, settings.background, settings.placement, max_megapixels=settings.max_megapixels)
    given = read_pair(job.photo, job.masks[0], max_megapixels=settings.max_megapixels)
    for path in job.masks[1:]:
        mask = read_mask(path, most_pixels=settings.max_megapixels * 1_000_000)
        if mask.shape != given.matte.shape:
            came, expected = (f"{each.shape[1]}x{each.shape[0]}" for each in (mask, given.matte))
            raise InputError(f"{path}: {came} pixels; expected {expected}, as {job.masks[0]}, to join them; save them at one size")
        given = given._replace(matte=np.maximum(given.matte, mask))
    return given


def _recorded(job: Job, begin: float, **values: str) -> Row:
    row = row_of(**job.named._asdict() | values | {"seconds": f"{time.perf_counter() - begin:.2f}"})
    append_row(job.table, row)
    return row


def _why(error: Exception) -> str:
    """What is said of a picture that failed; raises the error again where all others would fail by it."""
    if isinstance(error, OSError) and error.errno in NO_ROOM:
        raise error
    if isinstance(error, InputError | OSError | MemoryError):
        return line_of(error)
    return f"a defect of ours ({type(error).__name__}: {error}); please report it"


@lru_cache(maxsize=1)
def _harmonizer(settings: Settings) -> Harmonizer:
    harmonizer = Harmonizer.load(settings.model, device=settings.device, intrinsic=settings.intrinsic)
    torch = sys.modules.get("torch")
    if torch is not None and settings.threads:
        torch.set_num_threads(settings.threads)
    return harmonizer


def _key(job: Job, model: str) -> str:
    """SHA-256 of all that an output depends on: inputs, options, model."""
    settings = job.settings
    options = [settings.strength, settings.direction, settings.cautious, *([settings.placement] if settings.background else [])]
    inputs = [_sha_of_background(settings.background) if settings.background else "", *map(sha256_of, (job.photo, *job.masks))]
    return hashlib.sha256(json.dumps([model, options, inputs, job.out.suffix]).encode()).hexdigest()


_model_key = cache(model_key)  # of files that do not change in the meantime


@cache
def _sha_of_background(path: Path) -> str:
    return sha256_of(path)
