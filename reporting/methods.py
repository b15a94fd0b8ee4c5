"""Every method of ours as a function of a test picture, each given what it was trained on."""

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
import torch

from imharmony.baselines import BASELINES
from imharmony.baselines.identity import identity
from imharmony.checkpoint import load_harmonizer
from imharmony.evaluation.scoring import Harmonize, learned, pictures_of
from imharmony.evaluation.summary import REFERENCE
from pipeline.params.file import Params
from pipeline.params.training import COMPOSITE, INTRINSIC, InputName
from pipeline.steps.paths import Layout
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


def loaded_methods(params: Params, layout: Layout, *, device: torch.device) -> dict[str, Method]:
    """Every method of ours but the reference; trained ones with the first seed."""
    methods: dict[str, Method] = {}
    for name, seeds in methods_of(params):
        if name in params.variants:
            harmonizer, metadata = load_harmonizer(layout.run(name, seeds[0]) / "model.safetensors")
            methods[name] = Method(learned(harmonizer, device=device), metadata.get("input", COMPOSITE))
        elif name == INTRINSIC:
            methods[name] = Method(identity, INTRINSIC)
        elif name in params.baselines and name != REFERENCE:
            methods[name] = Method(BASELINES[name])
    return methods
