"""Photographs that one data set is judged by and another learns from: that it tests on and the other has in its train or val part, or that
it validates on, where methods are chosen, and the other trains on.

Names are of a source: two sources have a photograph 7 each, and a published set may hold a photograph of COCO under a name of its own. So
photographs are told apart by what they show. A photograph that only lends its colours is not stored; it is known by its name where both
sets have a photograph of one name that shows the same.
"""

from collections import Counter
from collections.abc import Collection, Iterator

import numpy as np

from imharmony.datasets.contents import Contents
from imharmony.datasets.perceptual_hash import RADIUS, near_pairs
from imharmony.sources.findings import Finding
from imharmony.storage.shards import Row

Roles = dict[str, Counter[tuple[str, str]]]  # by photograph: how many composites have it as (background | reference, split)


def roles_of(samples: list[Row]) -> Roles:
    """What each photograph is to the composites of each split."""
    roles: Roles = {}
    for sample in samples:
        roles.setdefault(sample["photograph"], Counter())["background", sample["split"]] += 1
        if sample["reference"] is not None:
            roles.setdefault(sample["reference"], Counter())["reference", sample["split"]] += 1
    return roles


def said(counts: Counter[tuple[str, str]]) -> str:
    """The roles of a photograph in words."""
    return ", ".join(f"{role} of {count} in {split}" for (role, split), count in sorted(counts.items()))


def shared_with(own: Contents, other: Contents, *, other_name: str) -> Iterator[Finding]:
    """A finding for each photograph of the test part of ``own`` that is in the train or val part of the other set.

    So for one of the val part that is in the other's train part.
    """
    for split, verb, seen_in in (("test", "tested", ("train", "val")), ("val", "validated", ("train",))):
        judging, learned = _in_splits(own, (split,)), _in_splits(other, seen_in)
        for name, (twin, distance) in sorted(_twins(own, other, set(judging), learned).items()):
            known_as = "" if twin == name else f" as {twin}, {distance} of 64 bits apart"
            yield Finding("shared", name, f"{verb} on here, and in {other_name}{known_as}: {said(learned[twin])}")


def _in_splits(contents: Contents, splits: Collection[str]) -> Roles:
    """What photographs are to the composites of these splits, without those that are nothing."""
    roles = {
        name: Counter({place: count for place, count in counts.items() if place[1] in splits})
        for name, counts in roles_of(contents.samples).items()
    }
    return {name: counts for name, counts in roles.items() if counts}


def _twins(own: Contents, other: Contents, judging: set[str], learned: Roles) -> dict[str, tuple[str, int]]:
    """By a photograph that judges the one that shows the same among the others, and in how many bits their hashes differ."""
    found = {name: (name, 0) for name in judging & learned.keys()} if _are_of_one_source(own, other) else {}
    firsts, seconds = sorted(judging & own.hashes.keys()), sorted(learned.keys() & other.hashes.keys())
    hashes = np.array([*(own.hashes[name] for name in firsts), *(other.hashes[name] for name in seconds)], np.uint64)
    pairs = near_pairs(hashes, np.repeat([0, 1], [len(firsts), len(seconds)]), radius=RADIUS)
    for position in np.lexsort((pairs.second, pairs.distance, pairs.first)).tolist():
        twin = seconds[int(pairs.second[position]) - len(firsts)]
        found.setdefault(firsts[int(pairs.first[position])], (twin, int(pairs.distance[position])))
    return found


def _are_of_one_source(own: Contents, other: Contents) -> bool:
    """Whether a name means one photograph in both sets, as far as both have pictures of the same names."""
    both = own.hashes.keys() & other.hashes.keys()
    return bool(both) and all(int(np.bitwise_count(own.hashes[name] ^ other.hashes[name])) <= RADIUS for name in both)
