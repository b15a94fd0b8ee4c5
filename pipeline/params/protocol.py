"""How long, in which batches and with which changes a variant is trained: by its paper, and by the profile."""

from typing import Annotated, Literal

from pydantic import Field

from pipeline.params.section import BatchSize, EachOnce, Epochs, Section, Text

Change = Literal["crop", "flip"]  # of ``imharmony.training.augmentation``
Augmentation = Annotated[tuple[Change, ...], EachOnce]


class Regime(Section):
    """What a training does."""

    epochs: Epochs
    batch_size: BatchSize
    augment: Augmentation  # at random; (): pictures as they are


class Protocol(Regime):
    """What a variant's paper does. ``data`` and ``size_px`` are told beside what is done here; they train nothing."""

    data: Text  # that the paper learned from, in words
    size_px: Annotated[int, Field(ge=1, le=8192)] | None  # null: pictures as large as they come
