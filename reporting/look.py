"""Sheets of pictures for the documentation: test composites before and after, chosen by chance, failures included.

Of each data set that is scored some composites whose photograph is under a licence that permits changes and asks for a name alone.
A row of a sheet: composite, harmonized at full size, photograph. ``shown.csv`` beside the sheets lists them, their errors, and what
an attribution asks for.
"""

from collections.abc import Iterator
from pathlib import Path

import cv2
import numpy as np
import pyarrow as pa
import torch

from imharmony.checkpoint import load_harmonizer
from imharmony.colour.ranges import mask_from_uint8
from imharmony.composing.composites import read_composite
from imharmony.errors import InputError
from imharmony.evaluation.scoring import metric_tensor
from imharmony.inference import harmonize
from imharmony.metrics.error import foreground_mse
from imharmony.networks.harmonizer import Harmonizer
from imharmony.pictures.images import encode_jpeg
from imharmony.running.seeds import stable_hash
from imharmony.storage.files import write_bytes
from imharmony.storage.shards import Row, ShardReader
from imharmony.storage.tables import read_table, write_csv
from pipeline.params.file import load_params
from pipeline.params.training import COMPOSITE
from pipeline.steps.paths import MODEL, Places
from reporting.starter import page_of

LOOK = Path("docs/look")
LICENCE = "Attribution License"
EACH = 8  # of a data set
CELL = (150, 200)  # height and width of a picture
GAP = 4
QUALITY = 88


def write_look(method: str) -> None:
    """Writes docs/look/: composites of the test photographs before and after a variant's last run."""
    params = load_params()
    if method not in params.drawn or params.drawn[method].input != COMPOSITE:
        raise InputError(f"method is {method!r}; expected a variant that is trained on composites: some of {sorted(params.drawn)}")
    places = Places(params.profile)
    harmonizer, _ = load_harmonizer(places.run(method, params.seeds[0]) / MODEL)
    size_px = params.active.training.size_px
    shown: list[Row] = []
    for dataset in params.scored:
        rows = chosen(read_table(places.composites(dataset) / "manifest.parquet"))
        if not rows:
            raise InputError(f"{dataset}: no test photograph under {LICENCE!r}; expected one or more, or there is nothing to show")
        source = read_table(places.source(params.active.datasets[dataset].source) / "photographs.parquet")
        pages = dict(zip(source["image_id"].to_pylist(), map(page_of, source["flickr_url"].to_pylist()), strict=True))
        lines = list(_lines(ShardReader(places.composites(dataset)), rows, harmonizer, size_px=size_px))
        write_bytes(LOOK / f"{dataset}.jpg", encode_jpeg(sheet([pictures for pictures, _ in lines]), quality=QUALITY))
        for number, (row, (_, errors)) in enumerate(zip(rows, lines, strict=True), start=1):
            facts = {"data_set": dataset, "row": number, "transfer": row["transfer"]}
            shown.append(facts | errors | {"photograph": f"[{row['image_id']}]({pages[row['image_id']]})"})
    write_csv(LOOK / "shown.csv", pa.Table.from_pylist(shown))


def chosen(manifest: pa.Table) -> list[Row]:
    """Some test composites by the hash of their names, one of a photograph."""
    rows = [row for row in manifest.to_pylist() if row["split"] == "test" and row["licence"] == LICENCE]
    first: dict[int, Row] = {}
    for row in sorted(rows, key=lambda row: stable_hash("look", row["sample_id"])):
        first.setdefault(row["image_id"], row)
    return list(first.values())[:EACH]


def sheet(rows: list[tuple[np.ndarray, ...]]) -> np.ndarray:
    """The pictures of each row side by side under a number, uint8 (H, W, 3), white around them."""
    height, width = CELL
    columns = len(rows[0])
    canvas = np.full((len(rows) * (height + GAP) - GAP, columns * (width + GAP) - GAP, 3), 255, np.uint8)
    for down, pictures in enumerate(rows):
        for across, picture in enumerate(pictures):
            small = fitted(picture, height, width)
            top, left = down * (height + GAP), across * (width + GAP)
            canvas[top : top + small.shape[0], left : left + small.shape[1]] = small
        for colour, thickness in ((0, 4), (255, 1)):
            cv2.putText(canvas, str(down + 1), (4, down * (height + GAP) + 18), cv2.FONT_HERSHEY_SIMPLEX, 0.6, (colour,) * 3, thickness)
    return canvas


def fitted(picture: np.ndarray, height: int, width: int) -> np.ndarray:
    """The picture (H, W, 3) as large as fits."""
    scale = min(height / picture.shape[0], width / picture.shape[1])
    size = (max(1, round(picture.shape[1] * scale)), max(1, round(picture.shape[0] * scale)))
    return cv2.resize(picture, size, interpolation=cv2.INTER_AREA)


def _lines(reader: ShardReader, rows: list[Row], harmonizer: Harmonizer, *, size_px: int) -> Iterator[tuple[tuple[np.ndarray, ...], Row]]:
    for row in rows:
        real, composite, mask = read_composite(reader, row["shard"], row["row"])
        made = harmonize(composite, mask, harmonizer=harmonizer, size_px=size_px)
        errors = [_fmse(picture, real, mask) for picture in (composite, made)]
        yield (composite, made, real), {"fmse_before": f"{errors[0]:.0f}", "fmse_after": f"{errors[1]:.0f}"}


def _fmse(picture: np.ndarray, real: np.ndarray, mask: np.ndarray) -> float:
    return foreground_mse(metric_tensor(picture), metric_tensor(real), mask_from_uint8(torch.from_numpy(mask)[None])).item()
