"""Which split a photograph is in: a function of its own id, and of the source's own part of it, alone."""

from imharmony.composing.rules import SplitRule
from imharmony.running.seeds import unit_hash

SPLITS = ("train", "val", "test")
OFFICIAL_TEST = {"val2017", "test"}


def split_of(image_id: int, *, official: str, rule: SplitRule) -> str:
    """The split of a photograph: a function of its own id (and the source's own part) alone."""
    if rule.by == "official":
        if official in OFFICIAL_TEST:
            return "test"
        # Of its own: a set that was split by hash before has no photographs left with the smallest draws of the other one.
        return "val" if official == "val" or unit_hash("val of train", image_id) < rule.val else "train"
    draw = unit_hash("split", image_id)
    return "test" if draw < rule.test else ("val" if draw < rule.test + rule.val else "train")
