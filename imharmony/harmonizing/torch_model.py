"""A trained harmonizer by its weights, run by torch; with the preprocessing of report 001 where it was trained on that."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import torch

from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.harmonizing.models import Said
from imharmony.inference import inputs_of, maps_of
from imharmony.networks.harmonizer import Harmonizer
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.portable.kinds import kind_of
from imharmony.storage.headers import told_by

if TYPE_CHECKING:
    from imharmony.intrinsic.recipe import Preprocess


@dataclass(frozen=True)
class Trained:
    """A harmonizer that was trained at ``size_px``."""

    name: str
    harmonizer: Harmonizer
    size_px: int
    preprocess: "Preprocess | None"

    def say(self, photo: np.ndarray, mask: np.ndarray, *, direction: str) -> Said:
        """Its maps, of the semi-harmonized picture if it was trained on such."""
        base = None
        if self.preprocess is not None:
            matte = mask if direction == "foreground" else 255 - mask
            base = self.preprocess(photo, matte, direction).image
        seen, network = photo if base is None else base, self.harmonizer.network
        maps = maps_of(seen, mask, harmonizer=self.harmonizer, size_px=self.size_px)
        trust = None
        if isinstance(network, RegionEnsemble) and len(network.each) > 1:
            inputs = inputs_of(seen, mask, harmonizer=self.harmonizer, size_px=self.size_px)
            with torch.inference_mode():
                trust = network.trust(torch.cat(inputs, 1)).item()
        return Said(maps[0].float().cpu().numpy(), kind_of(network), base, trust)


def load_trained(path: Path, *, name: str, device: str, intrinsic: Path | None) -> Trained:
    """A harmonizer by the file that its training wrote, ``model.safetensors``."""
    if told_by(path, "matting") is not None:
        advice = "that is for `harmonize portrait --network`; take the file of one that harmonizes"
        raise InputError(f"{path}: a network that cuts people out; expected a model that harmonizes; {advice}")
    harmonizer, metadata = load_harmonizer(path)
    preprocess = _preprocess_of(metadata, name=str(path), networks=intrinsic)
    return Trained(name, harmonizer.to(_device(device)), int(metadata["size_px"]), preprocess)


def _preprocess_of(metadata: Mapping[str, Any], *, name: str, networks: Path | None) -> "Preprocess | None":
    if metadata.get("preprocessing") is None:
        return None
    from imharmony.intrinsic.recipe import preprocessor, recipe_of  # here, because it takes as long to load as all else but torch

    recipe = recipe_of(metadata, name=name, networks=networks)
    return None if recipe is None else preprocessor(recipe)


def _device(name: str) -> torch.device:
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        reason = " ".join(str(error).split(". ")[0].split())
        raise InputError(f"device {name!r}: not to be had here ({reason}); expected cpu, cuda or mps; take --device cpu") from error
    return device
