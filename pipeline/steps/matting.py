"""Matting networks and joint systems of ``params.yaml`` as the parts that their stages take."""

from pathlib import Path
from typing import TypeVar

import torch

from imharmony.errors import InputError
from imharmony.matting.checkpoint import MattingArchitecture, load_joint, load_matting
from imharmony.matting.closed_form import reason_without
from imharmony.matting.evaluation import Method, by_network, closed_form, half
from imharmony.matting.joint import JointSystem
from imharmony.matting.training import Rates
from imharmony.networks.matting import build_matting
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import stable_hash
from pipeline.params.file import Params
from pipeline.params.matting import Matting
from pipeline.params.matting import Rates as RatesSection
from pipeline.steps.paths import MODEL, PRETRAINED, Places

T = TypeVar("T")
XUE = "xue"  # the baseline that report 004 compares itself with
OF_THINGS = "_things"  # behind a network's name: before it saw a portrait


def network_of(params: Params, chosen: Matting) -> tuple[MattingNetwork, MattingArchitecture]:
    """A network before its training, at the profile's width."""
    section, factor = chosen.network, params.matting_scale.width_factor
    options = {"index": section.index, "nonlinear": section.nonlinear, "context": section.context} if section.index else {}
    architecture = MattingArchitecture(name=section.name, width=section.width * factor, **options)
    with torch_seed(stable_hash(chosen.seed, "build", "matting"), torch.device("cpu")):
        return build_matting(**architecture.arguments), architecture


def rates_of(section: RatesSection) -> Rates:
    """As the library has them."""
    return Rates(learning_rate=section.learning_rate, groups=section.groups)


def joint_systems(params: Params, places: Places, dataset: str) -> dict[str, JointSystem]:
    """Those whose matting network learned from this data set, by their names."""
    names = [name for name in params.joint if params.joint_dataset(name) == dataset]
    return {name: _of_size(params, places.joint(name) / MODEL, *load_joint(places.joint(name) / MODEL)[:2]) for name in names}


def methods_of(params: Params, places: Places, dataset: str, systems: dict[str, JointSystem], *, device: torch.device) -> list[Method]:
    """All that cuts portraits of a data set out: the control, the closed form where PyMatting is, each network before and after it saw
    portraits, each joint system's.
    """
    found = [half(), *([closed_form()] if reason_without() is None else [])]
    for name in (name for name, each in params.matting.items() if each.dataset == dataset):
        for own, file in ((f"{name}{OF_THINGS}", PRETRAINED), (name, MODEL)):
            path = places.matting(name) / file
            network, _, size_px, _ = load_matting(path)
            found.append(by_network(own, _of_size(params, path, network, size_px), device=device))
    return [*found, *(by_network(name, system.matting, device=device) for name, system in systems.items())]


def _of_size(params: Params, path: Path, network: T, size_px: int) -> T:
    """The network, if it learned from pictures of the size that is scored."""
    wanted = params.active.evaluation.size_px
    if size_px != wanted:
        raise InputError(f"{path}: taught at {size_px} px; expected {wanted}, as evaluation.size_px says; train it again")
    return network
