"""Teaching a network that takes no trimap, for photographs of anybody: on photographs with people, and on portraits before photographs.

People's outlines are drawn by hand: they teach what a person is and the matte's inside, and nothing within a few pixels of the outline.
Portraits with exact mattes teach that. Pictures are float (B, 3, S, S) in [-1, 1], alpha (B, 1, S, S) in [0, 1].
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor
from torch.optim import Adam

from imharmony.errors import InputError
from imharmony.losses.matting import (
    DETAIL_WEIGHT,
    MATTE_WEIGHT,
    SEMANTIC_WEIGHT,
    coarse_cross_entropy,
    detail_loss,
    matte_loss,
    semantic_loss,
)
from imharmony.matting.people import Peopled
from imharmony.matting.trimaps import draw_trimap
from imharmony.matting.views import View, person_view, portrait_view
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.pictures.foregrounds import own_colours
from imharmony.pictures.trimaps import UNKNOWN
from imharmony.running.progress import track
from imharmony.running.randomness import deterministic_algorithms
from imharmony.running.seeds import numpy_rng
from imharmony.storage.shards import Row
from imharmony.training.fitting import expect_work
from imharmony.training.schedules import linear

WARM_UP = 50  # steps


@dataclass(frozen=True, kw_only=True)
class PortraitTeaching:
    """How such a network is taught: what a person is first, by the coarse matte alone; then all of it."""

    people_steps: int
    outline_steps: int
    batch_size: int
    learning_rate: float
    people: float  # share of a batch that is people of photographs; the rest is portraits
    size_px: int
    seed: int


class Cutouts(NamedTuple):
    """Portraits without their backgrounds: colours uint8 (N, P, P, 3), alpha uint8 (N, P, P)."""

    colours: np.ndarray
    alpha: np.ndarray


class Lessons(NamedTuple):
    """What views are made of."""

    photographs: list[Peopled]  # with somebody to look at
    backdrops: list[np.ndarray]  # photographs of nobody
    cutouts: Cutouts

    @classmethod
    def of(cls, photographs: Sequence[Peopled], cutouts: Cutouts) -> "Lessons":
        """Photographs sorted; an ``InputError`` where one kind is lacking."""
        peopled = [each for each in photographs if each.boxes]
        empty = [each.picture for each in photographs if not each.people.any() and not each.unsure.any()]
        if not peopled or not empty or len(cutouts.alpha) == 0:
            came = f"{len(peopled)} photographs with people, {len(empty)} without, {len(cutouts.alpha)} portraits"
            raise InputError(f"{came}; expected some of each to learn from; widen the data sets")
        return cls(peopled, empty, cutouts)


class PortraitBatch(NamedTuple):
    """Views as a network is taught by them; all but the picture are (B, 1, S, S)."""

    picture: Tensor
    alpha: Tensor
    unknown: Tensor  # 1 along the outline of exact mattes
    sure: Tensor  # 1 where alpha counts
    known: Tensor  # 1 where the coarse matte counts


def cutouts_of(pictures: np.ndarray, alphas: np.ndarray) -> Cutouts:
    """Portraits uint8 (N, P, P, 3) with their alpha, uint8 (N, P, P), in their own colours."""
    pairs = zip(pictures, alphas, strict=True)
    return Cutouts(np.stack([own_colours(picture, alpha.astype(np.float32) / 255) for picture, alpha in pairs]), np.asarray(alphas))


def fit_portrait(network: PortraitMatting, lessons: Lessons, *, teaching: PortraitTeaching, device: torch.device) -> list[Row]:
    """Teaches the network, which is on the CPU in its evaluation mode afterwards; returns rows of ``training.HISTORY``.

    The same arguments give the same bits on the same machine and device. There is no state to go on from: a killed training starts anew.
    """
    expect_work(teaching.people_steps + teaching.outline_steps, teaching.batch_size, of="photographs")
    network.to(device).train()
    rows = learn_people(network, lessons, teaching=teaching, device=device)
    rows += learn_outlines(network, lessons, teaching=teaching, device=device)
    network.cpu().eval()
    return rows


def learn_people(network: PortraitMatting, lessons: Lessons, *, teaching: PortraitTeaching, device: torch.device) -> list[Row]:
    """The first lesson: the coarse matte, whose layers cost a third of all. Its rate does not fall, since the second lesson goes on."""
    lesson = _Lesson("people", teaching.people_steps)

    def loss_of(batch: PortraitBatch) -> Tensor:
        return coarse_cross_entropy(network.coarse(batch.picture), batch.alpha, batch.known)

    return _taught(network, lessons, lesson, loss_of, teaching=teaching, rate_of=lambda _: 1.0, device=device)


def learn_outlines(network: PortraitMatting, lessons: Lessons, *, teaching: PortraitTeaching, device: torch.device) -> list[Row]:
    """The second lesson: all branches; the rate falls to 0 on a line."""
    lesson = _Lesson("outlines", teaching.outline_steps)
    return _taught(network, lessons, lesson, partial(portrait_batch_loss, network), teaching=teaching, rate_of=linear(), device=device)


class _Lesson(NamedTuple):
    name: str
    steps: int


def _taught(
    network: PortraitMatting,
    lessons: Lessons,
    lesson: _Lesson,
    loss_of: Callable[[PortraitBatch], Tensor],
    *,
    teaching: PortraitTeaching,
    rate_of: Callable[[float], float],  # of the share of the steps that is done
    device: torch.device,
) -> list[Row]:
    """Steps of Adam; over the first of them the rate rises."""
    optimizer, rows = Adam(network.parameters(), fused=True), []
    with deterministic_algorithms():
        for step in track(range(lesson.steps), total=lesson.steps, what=lesson.name, unit="steps"):
            warm = min(1, (step + 1) / WARM_UP)
            optimizer.param_groups[0]["lr"] = teaching.learning_rate * warm * rate_of(step / lesson.steps)
            rng = numpy_rng(teaching.seed, lesson.name, step)
            batch = draw_portraits(lessons, rng, count=teaching.batch_size, people=teaching.people, size_px=teaching.size_px)
            loss = loss_of(PortraitBatch(*(each.to(device) for each in batch)))
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            rows.append({"lesson": lesson.name, "step": step, "loss": loss.item()})
    return rows


def draw_portraits(lessons: Lessons, rng: np.random.Generator, *, count: int, people: float, size_px: int) -> PortraitBatch:
    """A batch of views, a share of which shows people of photographs."""
    views = []
    for place in range(count):
        if place < round(people * count):
            views.append(person_view(lessons.photographs, lessons.backdrops, rng, size_px))
        else:
            index = int(rng.integers(len(lessons.cutouts.alpha)))
            views.append(portrait_view(lessons.cutouts.colours[index], lessons.cutouts.alpha[index], lessons.backdrops, rng, size_px))
    return batch_of(views, rng)


def batch_of(views: Sequence[View], rng: np.random.Generator) -> PortraitBatch:
    """Views as tensors; the outline of an exact matte is what a drawn trimap does not know."""
    unknown = [(draw_trimap(view.alpha, rng) == UNKNOWN) & view.is_exact for view in views]
    pictures = torch.from_numpy(np.stack([view.picture for view in views])).permute(0, 3, 1, 2).float() / 127.5 - 1
    planes = [[view.alpha for view in views], unknown, [view.sure for view in views], [view.known for view in views]]
    return PortraitBatch(pictures, *(torch.from_numpy(np.stack(each).astype(np.float32))[:, None] for each in planes))


def portrait_batch_loss(network: PortraitMatting, batch: PortraitBatch) -> Tensor:
    """MODNet's three losses (arXiv:2011.11961), each where it is known.

    Deviation: the paper has exact mattes of all its photographs, and adapts to others by the branches' agreement with each other.
    """
    semantic, detail, matte = network(batch.picture)
    return (
        SEMANTIC_WEIGHT * semantic_loss(semantic, batch.alpha, batch.known)
        + DETAIL_WEIGHT * detail_loss(detail, batch.alpha, batch.unknown)
        + MATTE_WEIGHT * matte_loss(matte, batch.alpha, batch.picture, batch.unknown, batch.sure)
    )
