"""The pictures that the report shows: what a method makes of a test image, as a user would get it, each made once.

Where a picture comes from can be exchanged: it is one function. What was made is kept under ``.work/report/``, keyed by the
method's weights or code, the data and the image, so that a report after a change makes only what the change touches.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import quote

import numpy as np

from imharmony.baselines.identity import identity
from imharmony.composing.packed_split import data_hash
from imharmony.evaluation.outputs import files_of, squared_picture
from imharmony.evaluation.scoring import as_saved, pictures_of
from imharmony.evaluation.summary import REFERENCE
from imharmony.pictures.images import decode_png, encode_jpeg, encode_png
from imharmony.storage.files import sha256_of, write_bytes
from pipeline.params.file import Params
from pipeline.steps.packing import packed_test
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder
from reporting.methods import Method, weights_of

if TYPE_CHECKING:
    from imharmony.composing.packed_split import PackedSplit

QUALITY = 92
PictureOf = Callable[[str, str, str], np.ndarray]  # method, data set and sample_id to uint8 (S, S, 3)


@dataclass(frozen=True)
class Pictures:
    """Composites, masks and photographs of the test splits, and what each method makes of them."""

    split: Callable[[str], "PackedSplit"]  # by data set
    folder: Callable[[str, str], Path]  # where pictures of a method and a data set are kept
    source: PictureOf

    def picture(self, method: str, dataset: str, sample_id: str) -> np.ndarray:
        """The method's output over the composite's background, rounded, uint8 (S, S, 3)."""
        path = self._path(method, dataset, sample_id, ".png")
        if path.exists():
            return decode_png(path.read_bytes(), name=str(path))
        picture = self.source(method, dataset, sample_id)
        write_bytes(path, encode_png(picture))
        return picture

    def jpeg(self, method: str, dataset: str, sample_id: str) -> bytes:
        """The same as a JPEG file."""
        path = self._path(method, dataset, sample_id, ".jpg")
        if not path.exists():
            write_bytes(path, encode_jpeg(self.picture(method, dataset, sample_id), quality=QUALITY))
        return path.read_bytes()

    def place(self, dataset: str, sample_id: str) -> int:
        """Where an image is in its split."""
        return self.split(dataset).rows["sample_id"].to_pylist().index(sample_id)

    def _path(self, method: str, dataset: str, sample_id: str, ending: str) -> Path:
        return self.folder(method, dataset) / f"{quote(sample_id, safe='')}{ending}"


def kept_pictures(params: Params, places: Places, methods: Mapping[str, Method]) -> Pictures:
    """Pictures that the methods make now, or made for an earlier report."""
    known = {REFERENCE: Method(identity), **methods}
    split = cache(lambda dataset: packed_test(params, places, dataset))
    files = cache(lambda method, dataset: files_of(_outside(params, method, dataset), split(dataset).rows))

    def source(method: str, dataset: str, sample_id: str) -> np.ndarray:
        own = split(dataset)
        index = own.rows["sample_id"].to_pylist().index(sample_id)
        composite, _, mask = pictures_of(own, index)
        if method in known:
            return as_saved(known[method].output(own, index), composite, mask)
        size = {name: own.rows[name][index].as_py() for name in ("width", "height")}
        return as_saved(squared_picture(files(method, dataset)[index], size, own.mask.shape[1]), composite, mask)

    @cache
    def of_data(dataset: str) -> Path:
        folders = [places.composites(dataset), *([places.intrinsic(dataset)] if dataset in params.preprocessed else [])]
        hashes = [data_hash(folder) for folder in folders]
        return work_folder("report", places.fingerprint("pictures"), dataset, *hashes, params.active.evaluation.size_px)

    @cache
    def folder(method: str, dataset: str) -> Path:
        weights = weights_of(params, places, method)
        if weights is not None:
            return of_data(dataset) / f"{method}-{sha256_of(weights)[:24]}"
        if method in known:
            return of_data(dataset) / method  # its code is in the folder's key
        return work_folder("report", "outside", str(of_data(dataset)), _outside(params, method, dataset))

    return Pictures(split, folder, source)


def shown_on(params: Params, dataset: str, methods: Iterable[str]) -> list[str]:
    """The methods that have pictures of a data set: all of ours, and those from elsewhere that brought some."""
    return [*methods, *(name for name, method in params.imported.items() if method.pictures(dataset))]


def _outside(params: Params, method: str, dataset: str) -> Path:
    folder = params.imported[method].pictures(dataset)
    if folder is None:
        raise ValueError(f"{method!r} has no pictures of {dataset!r}; expected one of those that shown_on gives")
    return folder
