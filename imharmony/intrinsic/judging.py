"""How well decompositions do on the studio's scenes, whose paint, shading and light are known.

Layers are judged up to a common factor. ``TRUE_GREY`` has the renderer's own shading without its colour: what its albedo is off by, no
shading of one channel can avoid. The light is that of a scene's largest foreground, seen as a user sees it: from an inflated mask.
"""

import json
from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.intrinsic.decomposition import DARKEST_SHADING, ShadingOf, decompose, linear_of, split
from imharmony.intrinsic.light import likely_light, well_exposed
from imharmony.intrinsic.normals import inflate
from imharmony.intrinsic.paints import paints_of
from imharmony.intrinsic.scenes import KnownScene
from imharmony.metrics.direction import azimuth_error_deg
from imharmony.metrics.intrinsic import lmse, read_judgements, si_rmse, whdr
from imharmony.pictures.images import read_rgb
from imharmony.running.seeds import numpy_rng
from imharmony.storage.shards import Row

TRUE_GREY, FROM_ABOVE = "true grey", "from above"
ABOVE = np.array([0.0, 1.0, 0.0])
LEAST_PIXELS = 150  # of a foreground whose light is judged
LEAST_DIRECT = 0.4  # of the light that comes from the lamp: below it no direction is right or wrong
OPAQUE = 0.9
LAYER_ERRORS = ("albedo_si_rmse", "albedo_lmse", "shading_si_rmse", "shading_lmse")
RESAMPLES = 1000

# One row per way to take photographs apart and scene of the studio that no network has learned from: errors against the renderer's layers
# (null: a way that has none), and by how much the light that is fitted to the largest foreground comes from another side.
DECOMPOSITIONS = pa.schema(
    [
        ("way", pa.string()),
        ("image_id", pa.int64()),
        ("albedo_si_rmse", pa.float64()),
        ("albedo_lmse", pa.float64()),
        ("shading_si_rmse", pa.float64()),
        ("shading_lmse", pa.float64()),
        ("light_azimuth_deg", pa.float64()),  # null: no foreground large enough, or hardly any light from the lamp
        ("light_is_trusted", pa.bool_()),
    ]
)


def judge(scenes: Iterable[KnownScene], ways: Mapping[str, ShadingOf]) -> pa.Table:
    """A row of ``DECOMPOSITIONS`` for each scene and way, ``TRUE_GREY`` and the guess ``FROM_ABOVE`` among them."""
    rows: list[Row] = []
    for scene in scenes:
        lit = judged_foreground(scene)
        normals, paints = (None, None) if lit is None else (inflate(lit[0]), paints_of(scene.image, lit[1]))
        linear = linear_of(scene.image)
        for name, way in {**ways, TRUE_GREY: None}.items():
            albedo, shading = split(linear, scene.shading if way is None else way(scene.image))
            row = {"way": name, "image_id": scene.image_id} | _layer_errors(albedo, shading, scene)
            if lit is not None and normals is not None and name != "constant":  # the same light everywhere has no direction
                row |= _light_error(np.maximum(shading, DARKEST_SHADING), normals, lit[1], paints, scene)
            rows.append(row)
        above = None if lit is None else azimuth_error_deg(ABOVE, scene.light_direction)
        rows.append({"way": FROM_ABOVE, "image_id": scene.image_id, "light_azimuth_deg": above})
    return pa.Table.from_pylist(rows, schema=DECOMPOSITIONS)


def averages(judged: pa.Table, *, seed: int = 0) -> list[Row]:
    """For each way the means of its errors with 95 % bootstrap intervals over scenes, and medians of its light's error; None: none."""
    found = []
    for name, own in judged.to_pandas().groupby("way", sort=False):
        drawn = numpy_rng(seed, "decompositions").integers(0, len(own), (RESAMPLES, len(own)))
        row: Row = {"way": str(name), "scenes": len(own)}
        for column in LAYER_ERRORS:
            values = own[column].to_numpy(dtype=np.float64)
            row |= {column: float(values.mean())}
            row |= dict(
                zip((f"{column}_low", f"{column}_high"), np.percentile(values[drawn].mean(axis=1), (2.5, 97.5)).tolist(), strict=True)
            )
        found.append(row | _light_averages(own[own["light_azimuth_deg"].notna()]))
    return [{name: None if pd.isna(value) else value for name, value in row.items()} for row in found]


def disagreement(folder: Path, ways: Mapping[str, ShadingOf]) -> dict[str, list[float]]:
    """The WHDR of each way for each photograph of Intrinsic Images in the Wild (Bell et al. 2014): ``117.png`` with ``117.json``."""
    files = sorted(folder.glob("*.json"))
    if not files:
        raise InputError(f"{folder}: no judgements in it; expected NUMBER.json beside NUMBER.png, as iiw-dataset/data/ has them")
    found: dict[str, list[float]] = {name: [] for name in ways}
    for file in files:
        photograph = read_rgb(file.with_suffix(".png"))
        try:
            judgements = read_judgements(json.loads(file.read_text(encoding="utf-8")))
        except (KeyError, TypeError, ValueError) as error:
            raise InputError(f"{file}: not a file of judgements ({error!r}); expected one of Intrinsic Images in the Wild") from error
        for name, way in ways.items() if judgements else ():
            found[name].append(whdr(decompose(photograph, way)[0], judgements))
    return found


def judged_foreground(scene: KnownScene) -> tuple[np.ndarray, np.ndarray] | None:
    """Matte and well exposed pixels of the largest foreground; None where it is too small or no lamp leads."""
    if not scene.alphas or scene.direct_share < LEAST_DIRECT:
        return None
    alpha = max(scene.alphas, key=np.sum)
    valid = (alpha > OPAQUE) & well_exposed(scene.image)
    return (alpha, valid) if np.count_nonzero(valid) >= LEAST_PIXELS else None


def _layer_errors(albedo: np.ndarray, shading: np.ndarray, scene: KnownScene) -> Row:
    pairs = ((albedo, scene.albedo), (shading, scene.shading))
    return dict(zip(LAYER_ERRORS, [measure(*pair) for pair in pairs for measure in (si_rmse, lmse)], strict=True))


def _light_error(shading: np.ndarray, normals: np.ndarray, valid: np.ndarray, paints: np.ndarray | None, scene: KnownScene) -> Row:
    """Of the fit before it is asked whether it is to be trusted."""
    light = likely_light(normals, shading, valid, paints)
    return {"light_azimuth_deg": azimuth_error_deg(light.vector, scene.light_direction), "light_is_trusted": light.is_trusted}


def _light_averages(lit: pd.DataFrame) -> Row:
    trusted = lit[lit["light_is_trusted"] == True]  # noqa: E712  # null: not asked
    return {
        "lights": len(lit),
        "light_azimuth_deg": float(lit["light_azimuth_deg"].median()),
        "lights_trusted": len(trusted),
        "trusted_azimuth_deg": float(trusted["light_azimuth_deg"].median()),
    }
