"""What is wrong with a stored composite, from the parameters of its transfer that stand in the manifest; no picture is measured.

A transfer that gives a foreground another one's moments moves its mean CIELAB from ``own`` to ``reference``. Exactly so where it works in
CIELAB; those of other colour spaces bring it there nearly.
"""

import json
from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
import pyarrow as pa

from imharmony.blind.observer import Thresholds, thresholds_of
from imharmony.blind.shifts import Look, Shift, classes_of, share_of

MOMENTS = 6  # of ``transfer.moments.look``
LEAST_LIGHTNESS = 1.0  # of 100: below, a ratio says nothing
CLASSES = ("negative", "positive", "colour")
# Transfers between colours, and whether they move the colour too.
OF_MOMENTS = {
    "luminance": False,
    "reinhard_lab": True,
    "reinhard_lalphabeta": True,
    "xiao_rgb": True,
    "fecker_ycbcr": True,
    "idt": True,
    "mkl": True,
    "histogram": True,
}


class Label(NamedTuple):
    """What a person sees of a composite's foreground."""

    stops: float
    thresholds: Thresholds
    classes: tuple[bool, bool, bool]  # as ``CLASSES``


def label_of(row: Mapping[str, str], known: Mapping[str, Thresholds] | None = None) -> Label | None:
    """The label of a row of the manifest; None where its parameters do not tell, as of grades.

    ``known`` are people's own thresholds by the sample's name or the photograph's id; all others are drawn for the sample's name.
    """
    moves_colour = OF_MOMENTS.get(row["transfer"])
    if moves_colour is None:
        return None
    parameters = json.loads(row["transfer_params"])
    own, reference = (parameters.get(name) for name in ("own", "reference"))
    if not (isinstance(own, list) and isinstance(reference, list) and len(own) == len(reference) == MOMENTS):
        return None
    if "measured" in parameters:  # whole pictures, whose moments are not the foregrounds'
        return None
    lightness, target = (max(each[0], LEAST_LIGHTNESS) for each in (own, reference))
    stops = float(np.log2(target / lightness))
    a, b = (reference[1] - own[1], reference[2] - own[2]) if moves_colour else (0.0, 0.0)
    found = (known or {}).get(row["sample_id"]) or (known or {}).get(str(row["image_id"]))
    thresholds = found or thresholds_of(share_of(lightness), name=row["sample_id"])
    return Label(stops, thresholds, classes_of(Look(*own[:3]), Shift(stops, a=a, b=b), thresholds))


def labels_of(rows: pa.Table, known: Mapping[str, Thresholds] | None = None) -> list[Label | None]:
    """Of each row of a manifest."""
    columns = rows.select(["sample_id", "image_id", "transfer", "transfer_params"]).to_pylist()
    return [label_of(row, known) for row in columns]
