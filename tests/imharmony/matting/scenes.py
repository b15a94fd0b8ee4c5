"""Scenes that a small network can learn to cut out, and small networks before their training."""

from functools import partial

import numpy as np
import torch

from imharmony.matting.batches import Draw, Scenes, draw_batch
from imharmony.matting.checkpoint import MattingArchitecture
from imharmony.matting.joint import JointSystem
from imharmony.networks.harmonizer import Harmonizer, build_harmonizer
from imharmony.networks.matting import build_matting
from imharmony.networks.matting_blocks import MattingNetwork
from tests.composites import packed

SIZE = 32
CPU = torch.device("cpu")
SMALL = MattingArchitecture(name="indexnet", width=0.0625, index="hin", nonlinear=False, context=False)
OF_HARMONIZER = {"name": "idih", "width": 2, "size_px": SIZE, "mask_input": True, "paste": False, "inference_mode": "eval"}


def scenes_of(count: int = 6, *, seed: int = 0) -> Scenes:
    """Warm discs with soft edges before cool slopes; the plate beside them is darker."""
    split = packed(count, SIZE, seed=seed)
    alpha = np.array(split.mask)
    share = alpha[..., None] / 255
    foreground = np.broadcast_to(np.array([220, 90, 60], np.uint8), split.real.shape).copy()
    background = np.array(split.real)
    picture = np.rint(foreground * share + background * (1 - share)).astype(np.uint8)
    return Scenes(picture, alpha, foreground, background, picture, background // 2)


def drawing() -> Draw:
    """What a training draws of these scenes."""
    return partial(draw_batch, scenes_of())


def network_of(architecture: MattingArchitecture = SMALL, *, seed: int = 0) -> MattingNetwork:
    """One before its training, in its evaluation mode."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_matting(**architecture.arguments).eval()


def harmonizer_of(*, seed: int = 1) -> Harmonizer:
    """A small one."""
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return build_harmonizer(**OF_HARMONIZER)


def system_of(direction: str = "background") -> JointSystem:
    """Both before their training."""
    return JointSystem(network_of(), harmonizer_of(), direction=direction).infer()


def bits(network: torch.nn.Module) -> dict[str, bytes]:
    """Each tensor's."""
    return {name: tensor.detach().numpy().tobytes() for name, tensor in network.state_dict().items()}
