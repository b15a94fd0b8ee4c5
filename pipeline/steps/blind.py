"""A blind system of ``params.yaml`` as the parts that its stages take."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import torch

from imharmony.blind.detector import Detector, load_detector
from imharmony.blind.observer import Thresholds, read_thresholds
from imharmony.blind.systems import BlindSystem
from imharmony.checkpoint import load_harmonizer
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import stable_hash
from pipeline.params.blind import NO_HARMONIZER
from pipeline.params.blind import BlindSystem as Section
from pipeline.params.file import Params
from pipeline.steps.paths import MODEL, Places


def system_of(params: Params, places: Places, chosen: Section) -> tuple[BlindSystem, int, Mapping[str, Any] | None]:
    """The system before it is taught, the detector's width and the harmonizer's architecture.

    One network begins anew; all others are the detector and the first seed's harmonizer as they were trained.
    """
    width = params.detector(chosen.detector).network.width
    if chosen.harmonizer == NO_HARMONIZER:
        with torch_seed(stable_hash(chosen.seed, "build", "blind"), torch.device("cpu")):
            detector = Detector(name="small", width=width, changes=True)
        return BlindSystem(detector, None, colour=chosen.colour), width, None
    detector, _, _ = load_detector(places.detector(chosen.detector) / MODEL)
    harmonizer, metadata = load_harmonizer(places.run(chosen.harmonizer, params.seeds[0]) / MODEL)
    return BlindSystem(detector, harmonizer, colour=chosen.colour), width, metadata["architecture"]


def known_thresholds(params: Params, chosen: Section) -> Mapping[str, Thresholds] | None:
    """People's own thresholds, where the detector's section has a table of them."""
    path = params.detector(chosen.detector).thresholds
    return None if path is None else read_thresholds(Path(path))
