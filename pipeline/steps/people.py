"""What teaches a network that cuts out anybody: photographs with all their people, and portraits without their backgrounds."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import torch

from imharmony.composing.packed_split import square_image, square_mask
from imharmony.errors import InputError
from imharmony.matting.people import Peopled, peopled_photographs
from imharmony.matting.portrait_training import Cutouts, Lessons, PortraitTeaching, cutouts_of, fit_portrait
from imharmony.networks.matting_blocks import MattingNetwork
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.pictures.images import decode_png, decode_trusted
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.params.matting import Matting
from pipeline.steps.paths import Places


def taught_people(params: Params, places: Places, chosen: Matting, network: MattingNetwork, *, device: torch.device) -> list[Row]:
    """Teaches a network without a trimap on photographs with people and on portraits, of the split ``train``; rows of its history."""
    if chosen.people is None or not isinstance(network, PortraitMatting):
        raise InputError("no people to learn from; expected `people` of a matting network portrait; add it in params.yaml")
    size_px = params.active.evaluation.size_px
    photographs = photographs_with_people(params, places, chosen.people.datasets, "train")
    lessons = Lessons.of(photographs, portrait_cutouts(places, chosen.dataset, "train", size_px=size_px))
    teaching = PortraitTeaching(
        people_steps=chosen.people.steps,
        outline_steps=params.matting_scale.finetuning_steps,
        batch_size=chosen.batch_size,
        learning_rate=chosen.finetuning.learning_rate,
        people=chosen.people.share,
        size_px=size_px,
        seed=chosen.seed,
    )
    return fit_portrait(network, lessons, teaching=teaching, device=device)


def photographs_with_people(params: Params, places: Places, datasets: list[str], split: str) -> list[Peopled]:
    """The photographs of a split of these data sets, each once, with every person that their sources know: no rule of selection counts."""
    found: dict[tuple[str, int], Peopled] = {}
    for name in datasets:
        source = params.dataset(name).source
        stored = _stored(places, name, split)
        peopled = peopled_photographs(places.images(name), stored, read_table(places.source(source) / "instances.parquet"))
        found |= zip(((source, image) for image in sorted(stored["image_id"].to_pylist())), peopled, strict=True)
    return list(found.values())


def portrait_cutouts(places: Places, dataset: str, split: str, *, size_px: int) -> Cutouts:
    """The portraits of a split of a data set with mattes without their backgrounds, at ``size_px`` squared."""
    return cutouts_of(*portrait_pictures(places, dataset, split, size_px=size_px))


def portrait_pictures(places: Places, dataset: str, split: str, *, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """The same as they are: pictures uint8 (N, S, S, 3) and their alpha, uint8 (N, S, S)."""
    rows, reader = _stored(places, dataset, split).to_pylist(), ShardReader(places.images(dataset))
    pictures, alphas = [], []
    for row in rows:
        jpeg, matte = (reader.value(row["shard"], row["row"], column) for column in ("jpeg", "matte"))
        if matte is None:
            raise InputError(f"data set {dataset}: {row['file_name']} has no matte; expected portraits with mattes; name another data set")
        pictures.append(square_image(decode_trusted(jpeg, name=row["file_name"]), size_px))
        alphas.append(square_mask(decode_png(matte, name=row["file_name"]), size_px))
    return np.stack(pictures), np.stack(alphas)


def _stored(places: Places, dataset: str, split: str) -> pa.Table:
    """The stored photographs of a split, by their ids."""
    selected = read_table(places.selected(dataset) / "instances.parquet", ["image_id", "split"])
    ids = set(selected.filter(pc.field("split") == split)["image_id"].to_pylist())
    stored = read_table(places.images(dataset) / "photographs.parquet")
    rows = stored.filter(pa.array([image in ids for image in stored["image_id"].to_pylist()])).sort_by("image_id")
    if rows.num_rows == 0:
        raise InputError(f"data set {dataset}: no photographs in split {split!r}; expected some; widen its selection or its split")
    return rows
