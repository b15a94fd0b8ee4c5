"""Every method's mattes of test portraits scored, and strips of pictures of some of them."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import numpy as np
import torch

from imharmony.composing.packed_split import square_mask
from imharmony.errors import InputError
from imharmony.matting.closed_form import closed_form_alpha
from imharmony.matting.judging import finished, judged
from imharmony.matting.portraits import Native, Portraits, native_portrait, tensors_of
from imharmony.matting.stored_trimaps import StoredTrimaps
from imharmony.networks.matting import predict_alpha
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.pictures.images import encode_png
from imharmony.pictures.trimaps import UNKNOWN
from imharmony.running.processes import Run
from imharmony.running.progress import bar
from imharmony.running.randomness import torch_threads
from imharmony.storage.files import write_bytes
from imharmony.storage.shards import Row

GAP_PX = 2
PORTRAITS_PER_PART = 32
CLOSED_FORM = "closed_form"
HALF = "unknown_is_half"  # the control: what a trimap alone gives


class Prediction(NamedTuple):
    """A matte (S, S) and, of a method that works at a portrait's own size, that one (H, W)."""

    squared: np.ndarray
    at_native: np.ndarray | None = None


class Method(NamedTuple):
    """What cuts out a portrait: told its place among the packed ones and itself at its own size. It travels to whoever judges it."""

    name: str
    has_trimap: bool
    predict: Callable[[Portraits, int, Native], Prediction]


@dataclass(frozen=True)
class _Part:
    """Some portraits, one composite of each, and what cuts them out."""

    portraits: Portraits
    composites: Path
    trimaps: StoredTrimaps
    methods: Sequence[Method]
    dataset: str
    threads: int


def judge_portraits(
    portraits: Portraits, composites: Path, trimaps: StoredTrimaps, methods: Sequence[Method], *, dataset: str, run: Run | None = None
) -> list[Row]:
    """Rows of ``judging.JUDGED``: each portrait once, by each method. Portraits come with their stored trimaps.

    ``run`` is where they are judged, some at a time; None: here.
    """
    told = {"composites": composites.resolve(), "trimaps": trimaps, "methods": methods, "dataset": dataset}
    chosen, threads = portraits.first_of_each(), torch.get_num_threads()
    jobs = (_Part(portraits.taken(places), **told, threads=threads) for places in parts_of(chosen))
    rows: list[Row] = []
    with bar(total=len(chosen), what=f"mattes: {dataset}", unit="portraits") as progress:
        for part in (run or Run(1))(_judged_part, jobs):
            rows += part
            progress.update(len(part) // len(methods))
    return rows


def parts_of(places: Sequence[int]) -> Iterator[Sequence[int]]:
    """Places, as many at a time as are one job."""
    return (places[start : start + PORTRAITS_PER_PART] for start in range(0, len(places), PORTRAITS_PER_PART))


def _judged_part(part: _Part) -> list[Row]:
    rows: list[Row] = []
    with torch_threads(part.threads):
        for index, own in enumerate(part.portraits.rows.to_pylist()):
            native, changed = native_portrait(part.composites, part.trimaps, own), behind_of(part.portraits, index)
            named = {"dataset": part.dataset, "sample_id": own["sample_id"], "image_id": own["image_id"]}
            for method in part.methods:
                found = method.predict(part.portraits, index, native)
                columns = judged(found.squared, native, changed=changed, has_trimap=method.has_trimap, at_native=found.at_native)
                rows.append(named | {"method": method.name} | columns)
    return rows


def behind_of(portraits: Portraits, index: int) -> np.ndarray:
    """What a composite lays the person over, uint8 (S, S, 3): with a changed foreground it is the plate of the photograph itself."""
    return np.asarray((portraits.changed if portraits.direction == "background" else portraits.plate)[index])


@dataclass(frozen=True)
class _ByNetwork:
    network: MattingNetwork
    device: torch.device

    @torch.inference_mode()
    def __call__(self, portraits: Portraits, index: int, _native: Native) -> Prediction:
        given = tensors_of(portraits, [index], device=self.device)
        if "trimap" not in given:
            raise InputError("portraits without trimaps; expected the stored ones; run make_trimaps")
        alpha = predict_alpha(self.network, given["picture"], given["trimap"] if self.network.takes_trimap else None)
        return Prediction(alpha[0, 0].cpu().numpy().astype(np.float64))


def by_network(name: str, network: MattingNetwork, *, device: torch.device) -> Method:
    """A network, with the stored trimap if it takes one."""
    network.to(device).eval()
    return Method(name, network.takes_trimap, _ByNetwork(network, device))


def closed_form() -> Method:
    """Levin et al.'s, at each portrait's own size; see ``closed_form.reason_without``."""
    return Method(CLOSED_FORM, has_trimap=True, predict=_closed_form)


def _closed_form(portraits: Portraits, _index: int, native: Native) -> Prediction:
    alpha = closed_form_alpha(native.picture, native.trimap)
    return Prediction(square_mask(np.rint(255 * alpha).astype(np.uint8), portraits.size_px) / 255, alpha)


def half() -> Method:
    """A half wherever the trimap knows nothing."""
    return Method(HALF, has_trimap=True, predict=_half)


def _half(portraits: Portraits, _index: int, _native: Native) -> Prediction:
    return Prediction(np.full((portraits.size_px,) * 2, 0.5))


def write_strips(
    folder: Path, portraits: Portraits, composites: Path, trimaps: StoredTrimaps, methods: Sequence[Method], *, most: int
) -> None:
    """``<sample_id>.png`` of the first portraits: photograph, trimap, each method's matte, the true matte."""
    manifest = portraits.rows.to_pylist()
    for index in portraits.first_of_each()[:most]:
        native = native_portrait(composites, trimaps, manifest[index])
        own = np.asarray(portraits.trimap[index]) if portraits.trimap is not None else np.full(portraits.alpha.shape[1:], UNKNOWN, np.uint8)
        found = [(method.has_trimap, method.predict(portraits, index, native).squared) for method in methods]
        mattes = [np.rint(255 * finished(alpha, own if has_trimap else None)).astype(np.uint8) for has_trimap, alpha in found]
        shown = [np.asarray(portraits.picture[index]), *(_grey(each) for each in (own, *mattes, np.asarray(portraits.alpha[index])))]
        write_bytes(folder / f"{manifest[index]['sample_id']}.png", encode_png(beside(shown), level=9))


def beside(pictures: Sequence[np.ndarray]) -> np.ndarray:
    """Pictures uint8 (S, S, 3) in a row, with white between them."""
    size = pictures[0].shape[0]
    gap = np.full((size, GAP_PX, 3), 255, np.uint8)
    return np.concatenate([part for picture in pictures for part in (gap, picture)][1:], 1)


def _grey(levels: np.ndarray) -> np.ndarray:
    return np.repeat(levels[..., None], 3, 2)
