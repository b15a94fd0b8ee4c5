"""Who sees what in which order: balanced designs of an opinion study, drawn from its seed.

Raters, images and methods are numbers from 0. A sequence is what one rater sees of one image, in order; an order is all that one rater
sees, as (image, stimulus).
"""

from typing import NamedTuple, TypeVar

import numpy as np

from imharmony.running.seeds import numpy_rng, stable_hash

T = TypeVar("T")
Pair = tuple[int, int]


class Check(NamedTuple):
    """An attention check: the answer that the rater is asked to give."""

    asked: int


def williams_squares(count: int) -> list[np.ndarray]:
    """Latin squares (count, count), one where ``count`` is even, else two: a row is a sequence.

    In each square every method stands once at every position; in all rows together every method follows every other equally often
    (Williams 1949).
    """
    first = np.array([(step + 1) // 2 if step % 2 else count - step // 2 for step in range(count)]) % count
    square = (first + np.arange(count)[:, None]) % count
    return [square] if count % 2 == 0 else [square, square[:, ::-1]]


def round_robin(count: int) -> list[list[Pair]]:
    """Rounds of pairs, no method twice in a round, that hold every pair once (the circle method; odd counts: one rests in each round)."""
    seats = list(range(count)) + [-1] * (count % 2)
    rounds = []
    for _ in range(len(seats) - 1):
        pairs = zip(seats[: len(seats) // 2], reversed(seats), strict=False)
        rounds.append([(min(pair), max(pair)) for pair in pairs if -1 not in pair])
        seats = [seats[0], seats[-1], *seats[1:-1]]
    return rounds


def rating_orders(*, raters: int, images: int, methods: int, seed: int) -> list[list[tuple[int, int]]]:
    """For each rater every method of every image, one at a time.

    Rows of Williams squares are dealt out along raters and images. For each image the methods' counts at each position differ by
    at most one over any number of raters, by none over a multiple of ``methods``, and so they do for each rater over the images.
    """
    squares = williams_squares(methods)
    ranks = numpy_rng(seed, "study", "ranks").permutation(images)
    orders = []
    for rater in range(raters):
        rows = [squares[(rater // methods + rank // methods) % len(squares)][(rater + rank) % methods] for rank in ranks]
        orders.append(interleaved([row.tolist() for row in rows], numpy_rng(seed, "study", "order", rater)))
    return orders


def pair_orders(*, raters: int, images: int, methods: int, rounds: int, seed: int) -> list[list[tuple[int, Pair]]]:
    """For each rater ``rounds`` rounds of a round robin of each image; a pair is (left, right).

    The rounds of an image are dealt out one after the other, so that over any number of raters its pairs' counts differ by at most
    one, and a pair changes sides each time it comes.
    """
    tournament = round_robin(methods)
    ranks = numpy_rng(seed, "study", "ranks").permutation(images)
    orders = []
    for rater in range(raters):
        sequences = []
        for image, rank in enumerate(ranks.tolist()):
            dealt = [rank + rater * rounds + number for number in range(rounds)]
            pairs = [
                _sided(pair, turn=number // len(tournament) + rank) for number in dealt for pair in tournament[number % len(tournament)]
            ]
            shuffled = numpy_rng(seed, "study", "pairs", rater, image).permutation(len(pairs))
            sequences.append([pairs[position] for position in shuffled])
        orders.append(interleaved(sequences, numpy_rng(seed, "study", "order", rater)))
    return orders


def rounds_within(trials: int, *, images: int, methods: int) -> int:
    """How many rounds of a round robin of each image a rater can see in this many trials; at least one, at most all."""
    tournament = round_robin(methods)
    return min(max(trials // (images * len(tournament[0])), 1), len(tournament))


def interleaved(sequences: list[list[T]], rng: np.random.Generator) -> list[tuple[int, T]]:
    """All sequences, of equal length, side by side: the first of every image in a random order, then the second of every image, and so on.

    An image never follows itself, unless it is the only one.
    """
    order: list[tuple[int, T]] = []
    for position in range(len(sequences[0])):
        images = rng.permutation(len(sequences)).tolist()
        if order and len(images) > 1 and images[0] == order[-1][0]:
            other = int(rng.integers(1, len(images)))
            images[0], images[other] = images[other], images[0]
        order += [(image, sequences[image][position]) for image in images]
    return order


def with_checks(order: list[T], *, checks: int, choices: int, rng: np.random.Generator) -> list[T | Check]:
    """The order with an attention check at a random place in each of ``checks`` equal parts, never at the very beginning."""
    edges = np.linspace(0, len(order), checks + 1)
    places = [int(rng.integers(low + 1, high + 1)) for low, high in zip(edges[:-1].astype(int), edges[1:].astype(int), strict=True)]
    mixed: list[T | Check] = list(order)
    for place in reversed(places):
        mixed.insert(place, Check(int(rng.integers(1, choices + 1))))
    return mixed


def _sided(pair: Pair, *, turn: int) -> Pair:
    """The pair as it stands this turn: the other way round than the turn before."""
    return pair if (turn + stable_hash("study", *pair)) % 2 else (pair[1], pair[0])
