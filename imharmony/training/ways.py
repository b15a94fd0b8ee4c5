"""What a harmonizer learns from, step by step: the stored pictures, points of their photographs, or clips."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Protocol, cast

import numpy as np
import torch
from tqdm import tqdm

from imharmony.composing.packed_clips import PackedClips
from imharmony.composing.packed_split import PackedSplit
from imharmony.errors import InputError
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.training.batches import Batches, augmentation_rng, shuffled
from imharmony.training.clip_batches import ClipBatches, PairedHarmonizer
from imharmony.training.parallel import rows_of
from imharmony.training.participants import Players
from imharmony.training.point_composites import PointComposites
from imharmony.training.point_pool import PointPool
from imharmony.training.restraint import fit_restraint
from imharmony.training.resynthesis import FreshComposites
from imharmony.training.shares import Shares
from imharmony.training.steps import Losses, reconstruction_step, step_of

if TYPE_CHECKING:
    from imharmony.training.batches import Batch
    from imharmony.training.loop import Recipe


class Way(Protocol):
    """The training split as a recipe wants it."""

    def __len__(self) -> int:
        """The samples of an epoch."""
        ...

    def sample_ids(self, index: np.ndarray) -> list[str]:
        """The names of the samples at these positions."""
        ...

    def steps(self, players: Players, epoch: int, progress: tqdm) -> Iterator[tuple[np.ndarray, Losses]]:
        """Takes the epoch's steps, one for each item: the positions of this process's samples and its losses on them."""
        ...

    def settle(self, harmonizer: Harmonizer, val: PackedSplit) -> None:
        """Fits to validation photographs what is fitted once the weights are learned."""
        ...


class PictureWay:
    """The stored composites in an epoch's order, cropped, perhaps with fresh ones among them."""

    def __init__(self, split: PackedSplit, recipe: "Recipe", _players: Players, *, device: torch.device) -> None:
        self._batches = Batches(split, device=device)
        self._recipe = recipe
        rules = recipe.resynthesis
        self._fresh = None if rules is None else FreshComposites(split, rules, seed=recipe.seed)
        self._shares = Shares(split, seed=recipe.seed)

    def __len__(self) -> int:
        """The number of composites."""
        return len(self._batches)

    def sample_ids(self, index: np.ndarray) -> list[str]:
        """The names of the composites at these positions."""
        return self._batches.sample_ids(index)

    def steps(self, players: Players, epoch: int, progress: tqdm) -> Iterator[tuple[np.ndarray, Losses]]:
        """Goes once through the composites, or through each data set's share."""
        step, recipe = step_of(players.critic), self._recipe
        players.set_rate(recipe.rate(epoch - 1))
        fresh = None if self._fresh is None else partial(self._fresh.drawn, epoch=epoch)
        samples = self._shares.of_epoch(epoch)
        for number, places in enumerate(shuffled(len(self), batch_size=recipe.batch_size, seed=recipe.seed, epoch=epoch)):
            index = samples[places]
            rng = augmentation_rng(recipe.seed, epoch=epoch, step=number)
            rows = rows_of(players.fabric, len(index))
            yield index[rows], step(players, self._batches.take(index, rng, changes=recipe.augment, rows=rows, fresh=fresh))
            progress.update(len(index))

    def settle(self, harmonizer: Harmonizer, val: PackedSplit) -> None:
        """Nothing."""


class PointWay:
    """Fresh composites on points, for a network that asks for no more; nothing is cropped, since points have no place."""

    def __init__(self, split: PackedSplit, recipe: "Recipe", players: Players, *, device: torch.device) -> None:
        network, rules = players.bare.network, recipe.points
        if not isinstance(network, RegionEnsemble) or rules is None:
            raise InputError("points are given to a generator that sees pictures; expected one whose name begins with regions")
        if players.critic is not None:
            raise InputError("points are given beside a critic, which judges pictures; expected neither discriminator nor adversarial")
        self._members = len(network.members)
        if rules.batch_size < self._members * players.fabric.world_size:
            came = f"points.batch_size is {rules.batch_size} for {self._members} members on {players.fabric.world_size} processes"
            raise InputError(f"{came}; expected a foreground for each, {self._members * players.fabric.world_size} or more")
        self._split, self._recipe, self._rules, self._device = split, recipe, rules, device
        self._pool = PointPool(split, network.counts, device=device)
        self._composites = PointComposites(split, self._pool, rules, seed=recipe.seed, device=device)
        self._shares = Shares(split, rows=self._pool.rows, seed=recipe.seed)

    def __len__(self) -> int:
        """Foregrounds, each as often as an epoch visits it."""
        return self._rules.steps * self._rules.batch_size

    def sample_ids(self, index: np.ndarray) -> list[str]:
        """The names of the first composites of the foregrounds at these positions."""
        return self._split.rows.column("sample_id").take(self._pool.rows[index]).to_pylist()

    def steps(self, players: Players, epoch: int, progress: tqdm) -> Iterator[tuple[np.ndarray, Losses]]:
        """Goes through the foregrounds as often as the epoch's steps take, each time in another order."""
        recipe, rules = self._recipe, self._rules
        batches = self._batches(epoch)
        for number in range(rules.steps):
            done = epoch - 1 + number / rules.steps
            players.set_rate(recipe.rate(done) * _warmed(done / recipe.epochs, rules.warm_up, 1 / (rules.steps * recipe.epochs)))
            index = next(batches)
            rows = rows_of(players.fabric, len(index))
            index, turns = index[rows], (np.arange(len(index)) % self._members)[rows]
            batch = self._composites.drawn(index, visit=(epoch - 1) * rules.steps + number, turns=turns)
            yield index, reconstruction_step(players, batch)
            progress.update(rules.batch_size)

    def settle(self, harmonizer: Harmonizer, val: PackedSplit) -> None:
        """How far the network is trusted."""
        fit_restraint(cast("RegionEnsemble", harmonizer.network), val, self._rules, seed=self._recipe.seed, device=self._device)

    def _batches(self, epoch: int) -> Iterator[np.ndarray]:
        count, size = len(self._composites), self._rules.batch_size
        held = np.zeros(0, np.int64)
        for round_ in range(-(-len(self) // count)):
            which = f"{epoch}.{round_}"
            (places,) = shuffled(count, batch_size=count, seed=self._recipe.seed, epoch=which)
            held = np.concatenate([held, self._shares.of_epoch(which)[places]])
            while len(held) >= size:
                yield held[:size]
                held = held[size:]
        yield held


class ClipWay:
    """Frames of clips, each with the one before it. Nothing is cropped: clips move already."""

    def __init__(self, split: PackedSplit, recipe: "Recipe", _players: Players, *, device: torch.device) -> None:
        if not isinstance(split, PackedClips) or recipe.clips is None:
            raise TypeError("this way takes clips")
        if recipe.accumulate != 1:
            raise InputError(
                f"a batch of clips is to be taken in {recipe.accumulate} parts; expected 1, since a part could lack a frame's other"
            )
        self._batches = ClipBatches(split, device=device)
        self._recipe, self._pairs = recipe, min(recipe.clips.pairs, split.length - 1)
        self._count = split.clips * self._pairs

    def __len__(self) -> int:
        """The pairs of an epoch."""
        return self._count

    def sample_ids(self, index: np.ndarray) -> list[str]:
        """The names of the frames at these positions."""
        return self._batches.sample_ids(index)

    def steps(self, players: Players, epoch: int, progress: tqdm) -> Iterator[tuple[np.ndarray, Losses]]:
        """Goes once through the epoch's pairs."""
        step, recipe = step_of(players.critic), self._recipe
        players.set_rate(recipe.rate(epoch - 1))
        players = replace(players, harmonizer=PairedHarmonizer(players.harmonizer))
        pairs = self._batches.pairs(self._pairs, seed=recipe.seed, epoch=epoch)
        for batch in shuffled(len(self), batch_size=recipe.batch_size, seed=recipe.seed, epoch=epoch):
            index = pairs[batch][rows_of(players.fabric, len(batch))]
            yield index, step(players, cast("Batch", self._batches.take(index)))  # it has all that a batch has
            progress.update(len(batch))

    def settle(self, harmonizer: Harmonizer, val: PackedSplit) -> None:
        """Nothing: what was fitted once the network had learned from stills stays."""


def _warmed(done: float, warm_up: float, step: float) -> float:
    """The share of the rate that has come up: a straight line over the fraction ``warm_up`` of the training, the first step included."""
    return min(1.0, (done + step) / warm_up) if warm_up > 0 else 1.0


WAYS: dict[str, Callable[..., Way]] = {"pictures": PictureWay, "points": PointWay, "clips": ClipWay}
