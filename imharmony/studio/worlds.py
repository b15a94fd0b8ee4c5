"""What the studio draws pictures for: worlds of different purposes share none, whatever their seeds.

A world that a network learns from has to be another than the one that it is judged on, and two sections of parameters often have the
same seed. The purpose is therefore a part of the key that everything random about a picture comes from.
"""

from typing import Literal

Purpose = Literal["photographs", "shading", "benchmark", "clips"]  # of scenes

# What a purpose adds to a key. Photographs and portraits came first: theirs are as they always were, and so are their pictures.
_ADDED: dict[Purpose | Literal["portraits"], tuple[str, ...]] = {
    "photographs": (),
    "portraits": ("portrait",),
    "shading": ("world", "shading"),
    "benchmark": ("world", "benchmark"),
    "clips": ("world", "clips"),
}


def world_key(purpose: Purpose | Literal["portraits"], seed: int) -> tuple[object, ...]:
    """The parts, for ``running.seeds``, that are common to all pictures of a world and to no others."""
    return ("studio", *_ADDED[purpose], seed)
