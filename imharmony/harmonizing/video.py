"""A film harmonized: the model is asked about each frame, what it says is filtered over time and applied, and the film is written.

What a killed process had done is not done again: the work lies beside the output until that is there (``film_work``).
"""

from collections.abc import Callable
from pathlib import Path
from typing import Literal, NamedTuple, get_args

import numpy as np
from tqdm import tqdm

from imharmony.errors import InputError
from imharmony.harmonizing.api import LEAST_TRUST, Harmonizer, Proposal, expect_strength, region_of
from imharmony.harmonizing.film_output import FilmOutput, output_of
from imharmony.harmonizing.film_pairs import Pairs, read_pairs
from imharmony.harmonizing.film_work import Asked, Work, key_of, work_on
from imharmony.harmonizing.models import Said, model_key
from imharmony.harmonizing.offers import CLASSICAL, MEGAPIXELS, STARTER, Direction
from imharmony.harmonizing.photo_file import Given, proposed, seen_of
from imharmony.motion.smoothing import both_ways, exponential, keep_at
from imharmony.pictures.pairs import INSIDE, UNSEEN
from imharmony.pictures.polarity import coverage_of
from imharmony.running.progress import bar

Smooth = Literal["auto", "none", "exponential", "both-ways"]
SMOOTHS = get_args(Smooth)
PATIENCE = 1.0  # seconds before a bar is shown: what is refused at once is one line
FILTERS: dict[str, Callable[..., np.ndarray]] = {"exponential": exponential, "both-ways": both_ways}


class Filmed(NamedTuple):
    """What became of a film."""

    out: Path
    frames: int
    empty: int  # of them, left as they were: nothing is in their masks
    doubtful: int  # whose masks are probably inverted
    frame_rate: float
    smooth: str  # none, exponential or both-ways, as it was done
    is_by_place: bool  # the change depends on the place, so it was made frame by frame
    strength: float  # 0 where caution left the film as it was
    trust: float | None  # the mean over frames; None where the model does not tell
    is_left: bool  # because no improvement was expected
    sound: str | None  # "copied", or the line that says why not; None of a folder

    @property
    def is_unsure(self) -> bool:
        """Whether no improvement is expected of it."""
        return self.trust is not None and self.trust < LEAST_TRUST


class Job(NamedTuple):
    """What is to be done."""

    pairs: Pairs
    harmonizer: Harmonizer
    direction: Direction
    cautious: bool
    smooth: Smooth
    has_bars: bool

    def bar(self, what: str, *, done: int = 0, total: int | None = None) -> tqdm:
        """A bar over the film's frames."""
        frames = total or self.pairs.film.length
        return bar(total=frames, what=what, unit="frames", initial=done, is_shown=self.has_bars, delay=PATIENCE)


def harmonize_video(
    film: str | Path,
    masks: str | Path,
    out: str | Path | None = None,
    *,
    model: str | Path = STARTER,
    strength: float = 1.0,
    direction: Direction = "foreground",
    cautious: bool = False,
    smooth: Smooth = "auto",
    frame_rate: float | None = None,
    device: str = "cpu",
    max_megapixels: int = MEGAPIXELS,
    progress: bool = False,
) -> Filmed:
    """Harmonizes a video's file, or a folder of its frames, and writes one of the same kind; by default beside it, as ``IN_harmonized``.

    ``masks`` is a picture for all frames, a folder, or a video's file. ``smooth`` says how what the model says of frames is filtered over
    time: "auto" is both ways where it can be. ``progress`` shows bars on standard error. A run that was killed goes on where it ended.
    Raises ``imharmony.InputError`` with one line that says what came and what was expected.
    """
    if smooth not in SMOOTHS:
        raise InputError(f"smooth {smooth!r}: expected one of {', '.join(SMOOTHS)}")
    expect_strength(strength)
    pairs = read_pairs(Path(film), Path(masks), frame_rate=frame_rate, max_megapixels=max_megapixels)
    models = [Path(model)] if str(model) not in (STARTER, *CLASSICAL) else []
    output = output_of(pairs, None if out is None else Path(out), direction=direction, inputs=models)
    job = Job(pairs, Harmonizer.load(model, device=device), direction, cautious, smooth, progress)
    options = {"model": model_key(model), "device": device, "strength": strength, "direction": direction, "cautious": cautious}
    options |= {"smooth": smooth, "frame_rate": pairs.film.frame_rate, "ending": output.path.suffix}
    files = [list(pairs.film.frames or [pairs.film.path]), list(pairs.masks.files or [pairs.masks.path])]
    with work_on(output.path, key_of(files, options)) as work:
        output.expect_encodable(work)
        return _filmed(job, output, work, strength)


def _filmed(job: Job, output: FilmOutput, work: Work, strength: float) -> Filmed:
    ask(job, output, work, strength)
    known = [each for each in work.asked if not each.is_empty]
    _expect_something(job, known)
    trusts = [each.trust for each in known if each.trust is not None]
    trust = float(np.mean(trusts)) if trusts else None
    is_left = job.cautious and trust is not None and trust < LEAST_TRUST
    is_by_place = any(each.parameters is None for each in known)
    smooth = "none" if is_by_place else "both-ways" if job.smooth == "auto" else job.smooth
    if not is_left:
        apply(job, output, work, smooth, strength)
    with job.bar("writing", total=len(work.asked)) as progress:
        sound = output.finish(work, is_left=is_left, step=progress.update)
    empty, doubtful = len(work.asked) - len(known), sum(each.is_doubtful for each in known)
    applied, rate = 0.0 if is_left else strength, job.pairs.film.frame_rate
    return Filmed(output.path, len(work.asked), empty, doubtful, rate, smooth, is_by_place, applied, trust, is_left, sound)


def ask(job: Job, output: FilmOutput, work: Work, strength: float) -> None:
    """Asks the model about each frame that it was not asked about. Where its change depends on the place, that is made at once."""
    done = len(work.asked)
    with job.bar("asking the model", done=done) as progress:
        for index, given in enumerate(job.pairs.read(skipped=lambda index: index < done)):
            if given is not None:
                work.add(_asked(job, output, work, given, index, strength))
                progress.update()


def _asked(job: Job, output: FilmOutput, work: Work, given: Given, index: int, strength: float) -> Asked:
    peak = int(given.matte.max())
    if peak <= UNSEEN:
        return Asked(peak)
    proposal = proposed(job.harmonizer, given, direction=job.direction)
    said, name = proposal.said, job.harmonizer.model.name
    if job.cautious and said.trust is None:
        raise InputError(f"--cautious: {name} does not tell how sure it is; expected a model that does; take {STARTER}")
    parameters, is_doubtful = parameters_of(said), coverage_of(given.matte).is_a_background
    if parameters is not None:
        return Asked(peak, is_doubtful, parameters.tolist(), said.kind, said.trust)
    if job.smooth in FILTERS:
        came = f"--smooth {job.smooth}: the change that {name} says depends on the place, and has no parameters to filter"
        raise InputError(f"{came}; expected a model of one change for all pixels, such as {STARTER}; leave out --smooth, or take that")
    output.keep(work, index, given, proposal, strength)
    return Asked(peak, is_doubtful, trust=said.trust)


def parameters_of(said: Said) -> np.ndarray | None:
    """What is the same for all pixels, float32 (C,); None where the change depends on the place."""
    first = said.maps[:, :1, :1]
    return first.ravel() if said.base is None and (said.maps == first).all() else None


def apply(job: Job, output: FilmOutput, work: Work, smooth: str, strength: float) -> None:
    """Makes what is not made yet, or is there no more: by the parameters or, without any, by asking the model again."""
    parameters = smoothed(work.asked, smooth, job.pairs.film.frame_rate)

    def is_done(index: int) -> bool:
        return work.asked[index].is_empty or output.has(work, index)

    done = sum(map(is_done, range(len(work.asked))))
    if done == len(work.asked):
        return
    with job.bar("harmonizing", done=done, total=len(work.asked)) as progress:
        for index, given in enumerate(job.pairs.read(skipped=is_done)):
            if given is None:
                continue
            kind = work.asked[index].kind
            if kind is None:
                proposal = proposed(job.harmonizer, given, direction=job.direction)
            else:
                said = Said(parameters[index].reshape(-1, 1, 1).astype(np.float32), kind)
                proposal = Proposal(seen_of(given, direction=job.direction), region_of(given.matte, job.direction), said)
            output.keep(work, index, given, proposal, strength)
            progress.update()


def smoothed(asked: list[Asked], smooth: str, frame_rate: float) -> np.ndarray:
    """The parameters of all frames, filtered over time, (T, C); NaN of those that have none."""
    channels = next((len(each.parameters) for each in asked if each.parameters is not None), 1)
    rows = np.array([[np.nan] * channels if each.parameters is None else each.parameters for each in asked], np.float64)
    return rows if smooth == "none" else FILTERS[smooth](rows, keep=keep_at(frame_rate))


def _expect_something(job: Job, known: list[Asked]) -> None:
    path, wanted = job.pairs.masks.path, "expected white where the pasted object is"
    if not known:
        raise InputError(f"{path}: black in every frame; {wanted}; invert or redraw the masks")
    peak = max(each.peak for each in known)
    if peak < INSIDE:
        raise InputError(f"{path}: the largest level of all masks is {peak}, of 255; {wanted}; if these are labels, save the object as 255")
