"""Every method of ours as a function of a test picture, each given what it was trained on."""

from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from imharmony.baselines import BASELINES
from imharmony.baselines.identity import identity
from imharmony.checkpoint import input_of, load_harmonizer
from imharmony.evaluation.methods import Harmonize, NetworkMethod
from imharmony.evaluation.scoring import pictures_of
from imharmony.evaluation.summary import REFERENCE
from pipeline.params.file import Params
from pipeline.params.training import COMPOSITE, INTRINSIC, InputName
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.published_models import published_method
from reporting.results import methods_of

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit


class Method(NamedTuple):
    """A function of a picture and its mask, and which picture it is given."""

    harmonize: Harmonize
    given: InputName = COMPOSITE

    def output(self, split: "PackedSplit", index: int) -> np.ndarray:
        """The method's own picture of one of the split's composites, float32 (H, W, 3) in [0, 255]."""
        composite, _, mask = pictures_of(split, index)
        if self.given == INTRINSIC:
            if split.semi_harmonized is None:
                raise ValueError("a split without its semi-harmonized pictures; expected one of pipeline.steps.packing.packed_test")
            composite = np.array(split.semi_harmonized[index])
        return self.harmonize(composite, mask[0, 0].numpy())


def methods_by_name(params: Params, places: Places, *, device: torch.device) -> dict[str, Method]:
    """Every method of ours but the reference; trained ones with the first seed, loaded when a first picture is asked for."""
    methods: dict[str, Method] = {}
    for name, _ in methods_of(params):
        weights = weights_of(params, places, name)
        if weights is not None:
            later = _published_later if name in params.published else _learned_later
            methods[name] = Method(later(weights, device), input_of(weights))
        elif name == INTRINSIC:
            methods[name] = Method(identity, INTRINSIC)
        elif name in params.baselines and name != REFERENCE:
            methods[name] = Method(BASELINES[name])
    return methods


def weights_of(params: Params, places: Places, name: str) -> Path | None:
    """The file of a trained method's first seed, or of a model from elsewhere; None for any other method."""
    if name in params.published:
        return Path(params.published_model(name).file)
    return places.run(name, params.seeds[0]) / MODEL if name in params.variants else None


def _learned_later(weights: Path, device: torch.device) -> Harmonize:
    network = cache(lambda: NetworkMethod(load_harmonizer(weights)[0], device=device))
    return lambda composite, mask: network()(composite, mask)


def _published_later(weights: Path, device: torch.device) -> Harmonize:
    network = cache(lambda: published_method(weights, device=device))
    return lambda composite, mask: network()(composite, mask)
