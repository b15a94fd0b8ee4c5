"""How real a picture looks without a truth to compare it with: every judge of realism, in one table.

Pictures are uint8 (H, W, 3) of any size, masks float (H, W) in [0, 1]; judges that learned at a size see both squared to it.
"""

from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.composing.packed_split import square_image, square_mask
from imharmony.errors import InputError
from imharmony.realism.auc import auc_of
from imharmony.realism.critic import RealismCritic, realness
from imharmony.realism.database import FARTHEST, ColourDatabase, distances, nearest_background, own_distance
from imharmony.realism.local import local_emd
from imharmony.realism.regions import expect_regions


class Judges(NamedTuple):
    """What judges beside the picture itself; None: such scores are null."""

    database: ColourDatabase | None = None
    critic: tuple[RealismCritic, int] | None = None  # and the side of the pictures that it takes


@dataclass(frozen=True)
class Judge:
    """One score: which numbers it can be, and whether more is more real."""

    says: str
    unit: str
    rises: bool


JUDGES = {
    "local_emd": Judge("earth mover's distance between the colours of foreground and background", "CIELAB units, 0 or more", False),
    "local": Judge("chi-square distance between foreground and background, colours and textons", "0 to 1", False),
    "global_colour": Judge("the background's distance to those of photographs with such a foreground, by colours", "0 to 1", False),
    "global_texton": Judge("the same by textons", "0 to 1", False),
    "global": Judge("the same by both", "0 to 1", False),
    "combined": Judge(f"the global distance or, where it is above {FARTHEST}, the local one", "0 to 1", False),
    "critic": Judge("a network's probability that the picture is real", "0 to 1", True),
}
OF_DATABASE = [name for name in JUDGES if name not in ("local_emd", "critic")]

# One row for each judge and data set; areas are under the ROC curve of real photographs against composites.
REALISM = pa.schema(
    [
        ("judges", pa.string()),  # the entry of `judges` in params.yaml
        ("judge", pa.string()),
        ("dataset", pa.string()),
        ("auc", pa.float64()),
        ("low", pa.float64()),  # 95 % interval over photographs; null with fewer than ten
        ("high", pa.float64()),
        ("mean_real", pa.float64()),
        ("mean_composite", pa.float64()),
        ("n_real", pa.int64()),
        ("n_composites", pa.int64()),
        ("n_photographs", pa.int64()),
    ]
)
# One row for each picture that was judged.
JUDGED = pa.schema(
    [
        ("dataset", pa.string()),
        ("sample_id", pa.string()),  # of the composite; of a real photograph, that of its foreground's first composite
        ("image_id", pa.int64()),
        ("is_real", pa.bool_()),
        *((name, pa.float64()) for name in JUDGES),
    ]
)


def realism(picture: np.ndarray, mask: np.ndarray, judges: Judges = Judges()) -> dict[str, float | None]:  # noqa: B008 - immutable
    """A picture's score by each of ``JUDGES``; null where a judge is absent. No score looks at a truth.

    An empty or full mask, also at a judge's size, is an ``InputError``.
    """
    expect_regions(picture, mask)
    scores: dict[str, float | None] = dict.fromkeys(JUDGES)
    scores["local_emd"] = local_emd(picture, mask)
    if judges.database is not None:
        scores |= of_database(*squared(picture, mask, judges.database.size_px), judges.database)
    if judges.critic is not None:
        network, size_px = judges.critic
        scores["critic"] = realness(network, *squared(picture, mask, size_px))
    return scores


def of_database(picture: np.ndarray, mask: np.ndarray, database: ColourDatabase) -> dict[str, float]:
    """The scores of Lalonde & Efros 2007 of a picture at the database's size."""
    seen = database.describe(picture, mask)
    found = distances(database, seen)
    local, mixed = own_distance(seen), nearest_background(database, found)
    return {
        "local": local,
        "global_colour": nearest_background(database, found, colour_share=1),
        "global_texton": nearest_background(database, found, colour_share=0),
        "global": mixed,
        "combined": local if mixed > FARTHEST else mixed,
    }


def squared(picture: np.ndarray, mask: np.ndarray, size_px: int) -> tuple[np.ndarray, np.ndarray]:
    """The picture and its mask at a size, as pictures of data sets are squared; what has the size already stays as it is."""
    if picture.shape[:2] == (size_px, size_px):
        return picture, mask
    small = square_image(picture.copy(), size_px), square_mask(np.rint(255 * mask).astype(np.uint8), size_px) / 255
    try:
        expect_regions(*small)
    except InputError as error:
        raise InputError(f"at the {size_px} px that are judged {error}") from error
    return small


def areas(judged: pa.Table, *, judges: str, bootstrap: int) -> pa.Table:
    """The rows of ``REALISM`` from rows of ``JUDGED``; a judge without scores has none, and pictures without one do not count."""
    frame, rows = judged.to_pandas(), []
    for dataset, every in frame.groupby("dataset", sort=True):
        for name, judge in JUDGES.items():
            part = every[every[name].notna()]
            if part.empty:
                continue
            is_real, images, values = part["is_real"].to_numpy(bool), part["image_id"].to_numpy(), part[name].to_numpy(np.float64)
            signed = values if judge.rises else -values
            real, composite = signed[is_real], signed[~is_real]
            found = auc_of(real, composite, photographs=(images[is_real], images[~is_real]), bootstrap=bootstrap, name=f"{dataset}/{name}")
            row: dict[str, Any] = {"judges": judges, "judge": name, "dataset": dataset, "auc": found.value}
            row |= {side: None if np.isnan(value) else value for side, value in (("low", found.low), ("high", found.high))}
            row |= {"mean_real": values[is_real].mean(), "mean_composite": values[~is_real].mean()}
            row |= {"n_real": len(real), "n_composites": len(composite), "n_photographs": len(np.unique(images))}
            rows.append(row)
    return pa.Table.from_pylist(rows, schema=REALISM)
