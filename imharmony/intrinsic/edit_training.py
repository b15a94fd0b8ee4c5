"""Training the network of edits on photographs whose foregrounds were edited: it learns to take the edits back.

After Careaga, Miangoleh and Aksoy 2023, who edit the albedo of photographs by none to three of their edits and train against a critic's
opinion or the squared error. Here it is the squared error of the picture, in the foreground. An edited photograph is rounded to 8 bits
and taken apart again, because that is what a composite's layers come from. No composite of a data set is seen.
"""

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from imharmony.colour.ranges import mask_from_uint8
from imharmony.composing.packed_split import PackedSplit, first_of_each_foreground
from imharmony.errors import InputError
from imharmony.intrinsic.compositing import HALF_WAY, blend
from imharmony.intrinsic.decomposition import ShadingOf, decompose
from imharmony.intrinsic.edit_network import GAMMA, EditNetwork, Gains, edited_light, network_layers
from imharmony.intrinsic.edits import SEGMENTS, AlbedoEdit, EditsOf, Layers, Pasted, ShadingEdit
from imharmony.intrinsic.normals import EDGE
from imharmony.running.progress import track
from imharmony.running.randomness import torch_seed
from imharmony.running.seeds import numpy_rng, stable_hash
from imharmony.training.fitting import expect_work, fitted

MOST_EDITS = 3
STOPS = {"white_balance": 0.7, "curve": 0.9, "saturation": 1.0, "exposure": 1.0, "contrast": 0.8}  # either way, in powers of two
SHAPES = {"white_balance": 3, "curve": (3, SEGMENTS), "saturation": 1, "exposure": 1, "contrast": 1}
LEAST_FOREGROUND = 16.0  # pixels at the network's size
FAINTEST = 1e-4  # linear light whose gradient is still of use


@dataclass(frozen=True)
class EditExamples:
    """Photographs with an edited foreground, taken apart, and what they were; the edited picture is ``albedo * shading``."""

    albedo: np.ndarray  # float16 (N, S, S, 3) linear
    log_shading: np.ndarray  # float16 (N, S, S)
    masks: np.ndarray  # uint8 (N, S, S)
    real: np.ndarray  # uint8 (N, S, S, 3)

    def __len__(self) -> int:
        return len(self.masks)


@dataclass(frozen=True)
class EditErrors:
    """Mean fMSE of edited photographs, as they are and after edits of both kinds."""

    examples: int
    untouched: float
    fitted: float
    learned: float


def edit_examples(split: PackedSplit, *, shading_of: ShadingOf, count: int, seed: int) -> EditExamples:
    """``count`` examples of the split's foregrounds in turn, each with edits of its own."""
    index = [index for index, _ in first_of_each_foreground(split) if split.mask[index].sum() >= 255 * LEAST_FOREGROUND]
    if not index:
        raise InputError(f"no foreground of {LEAST_FOREGROUND:.0f} pixels to learn edits from; expected one or more; raise size_px")
    made, layers = [], {}
    for k in track(range(count), total=count, what="editing photographs", unit="examples"):
        chosen = index[k % len(index)]
        if chosen not in layers:
            layers[chosen] = decompose(split.real[chosen], shading_of)
        mask = split.mask[chosen].astype(np.float32) / 255
        edited = _edited(split.real[chosen], mask, Layers(*layers[chosen]), numpy_rng(seed, "edits", k))
        albedo, shading = decompose(edited, shading_of)
        made.append((albedo.astype(np.float16), np.log(shading).astype(np.float16), split.mask[chosen], split.real[chosen]))
    return EditExamples(*(np.stack(part) for part in zip(*made, strict=True)))


def draw_edits(rng: np.random.Generator) -> tuple[AlbedoEdit, ShadingEdit]:
    """None to three of the five edits; a curve's slopes change evenly from dark to bright, nearly alike in all channels."""
    names = rng.permutation(list(STOPS))[: rng.integers(0, MOST_EDITS, endpoint=True)]
    stops = {name: _draw_stops(name, rng) if name in names else np.zeros(SHAPES[name]) for name in STOPS}
    white_balance, curve, saturation, exposure, contrast = (2.0 ** stops[name] for name in STOPS)
    return AlbedoEdit(white_balance, curve, float(saturation[0]), float(exposure[0])), ShadingEdit(contrast=float(contrast[0]))


def fit_edits(examples: EditExamples, *, steps: int, batch_size: int, learning_rate: float, seed: int, device: torch.device) -> EditNetwork:
    """A network of edits, on the CPU in its evaluation mode.

    The same arguments give the same bits on the same machine and device.
    """
    expect_work(steps, batch_size, of="examples")
    with torch_seed(stable_hash(seed, "build", "edits"), torch.device("cpu")):
        network = EditNetwork().to(device)

    def loss_of(step: int) -> Tensor:
        index = numpy_rng(seed, "edit batch", step).integers(0, len(examples), batch_size)
        return _errors(network, examples, index, device).mean()

    return fitted(network, loss_of, steps=steps, learning_rate=learning_rate, what="train edits")


def judge_edits(examples: EditExamples, learned: EditsOf) -> EditErrors:
    """What is left of the edits of photographs that nothing was learned from."""
    kinds: dict[str, EditsOf | None] = {"untouched": None, "fitted": HALF_WAY, "learned": learned}
    errors = {name: float(np.mean([_left(examples, k, edits_of) for k in range(len(examples))])) for name, edits_of in kinds.items()}
    return EditErrors(len(examples), **errors)


def _draw_stops(name: str, rng: np.random.Generator) -> np.ndarray:
    largest = STOPS[name]
    if name == "white_balance":
        return rng.uniform(-largest, largest, 3)
    if name != "curve":
        return rng.uniform(-largest, largest, 1)
    ends = rng.uniform(-largest, largest, 2)
    return np.linspace(ends[0], ends[1], SEGMENTS) + rng.uniform(-largest, largest, (3, 1)) / 4


def _edited(real: np.ndarray, mask: np.ndarray, layers: Layers, rng: np.random.Generator) -> np.ndarray:
    edit, light_edit = draw_edits(rng)
    inside = mask > EDGE
    light_edit = ShadingEdit(_middle(layers.shading[inside]) if inside.any() else 0.0, 0.0, light_edit.contrast)
    return blend(real, edit(layers.albedo) * light_edit(layers.shading)[..., None], mask, feather_px=0)


def _middle(shading: np.ndarray) -> float:
    return float(np.log(shading).mean())


def _errors(network: EditNetwork, examples: EditExamples, index: np.ndarray, device: torch.device) -> Tensor:
    """Squared error in the foreground (B,), of values in [0, 1] with a gamma of 2.2."""
    albedo, log_shading, masks, real = (
        torch.from_numpy(part[index]).to(device) for part in (examples.albedo, examples.log_shading, examples.masks, examples.real)
    )
    albedo, log_shading, mask = albedo.permute(0, 3, 1, 2).float(), log_shading[:, None].float(), mask_from_uint8(masks)
    gains: Gains = network(network_layers(albedo, log_shading), mask)
    # Each second pixel of each second row: edits are the same for all pixels, and a quarter of them takes a quarter of the time.
    albedo, log_shading, mask, shown = (part[..., ::2, ::2] for part in (albedo, log_shading, mask, real.permute(0, 3, 1, 2)))
    light = edited_light(albedo, log_shading, mask, gains).clamp(FAINTEST, 1)
    error = (light ** (1 / GAMMA) - shown.float() / 255).square().mean(1, keepdim=True)
    return (error * mask).sum((1, 2, 3)) / mask.sum((1, 2, 3)).clamp(min=FAINTEST)


def _left(examples: EditExamples, k: int, edits_of: EditsOf | None) -> float:
    layers = Layers(examples.albedo[k].astype(np.float32), np.exp(examples.log_shading[k].astype(np.float64)))
    mask = examples.masks[k].astype(np.float32) / 255
    inside = mask > EDGE * mask.max()
    light = layers.albedo * layers.shading[..., None]
    if edits_of is not None and not inside.all():
        edit, light_edit = edits_of(Pasted(layers, inside))
        light = edit(layers.albedo) * light_edit(layers.shading)[..., None]
    shown = blend(examples.real[k], light, mask, feather_px=0)
    error = np.square(shown.astype(np.float64) - examples.real[k]).mean(axis=2)
    return float((error * mask).sum() / mask.sum())
