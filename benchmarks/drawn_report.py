"""A report's page of drawn scores and pictures, at the size of a study: what the page costs and how it behaves with many methods."""

from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.evaluation.control_summary import summarise_controls
from imharmony.evaluation.controls import CONTROLS, SWAPPED, UNTOUCHED
from imharmony.evaluation.conventions import FOREGROUND_ERRORS, rows_of
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.pairs import PAIRS
from imharmony.evaluation.protocols import ALL_PROTOCOLS
from imharmony.evaluation.score_sets import gathered_from
from imharmony.evaluation.summary import REFERENCE
from imharmony.pictures.images import encode_jpeg, encode_png
from pipeline.params.file import Params
from reporting.choice import Means
from reporting.controls import control_sections
from reporting.distributions import distributions_of
from reporting.figures import gains_figure, ratio_figure, svg_of, validation_figure
from reporting.gallery import Case, Example, Focus, Picture, data_uri
from reporting.intrinsic import IntrinsicSection
from reporting.leaders import leaders_of, shown_pairs
from reporting.overview import overview_of
from reporting.page import Card, Choices, Section, write_page
from reporting.training import curves_of, ends_of, training_of

IMAGES_OF_A_PHOTOGRAPH = 4
EPOCHS = 60
GRAIN = 10.0  # levels; a JPEG of 256 px then has the 25 KB of a photograph of COCO


def drawn_scores(methods: list[str], counts: dict[str, int], rng: np.random.Generator) -> pa.Table:
    """Scores of every method and image under every protocol; ``counts`` are the images of each data set.

    Methods differ by a factor, images by a log-normal one.
    """
    frames = [_frame(method, dataset, count, rng) for dataset, count in counts.items() for method in methods]
    return pa.Table.from_pandas(pd.concat(frames)[SCORES.names], schema=SCORES, preserve_index=False)


def _frame(method: str, dataset: str, count: int, rng: np.random.Generator) -> pd.DataFrame:
    images = np.random.default_rng(count)  # the same for every method
    difficulty, ratio = images.lognormal(6.5, 0.8, count), images.uniform(0.02, 0.6, count)
    factor = 1.0 if method == REFERENCE else rng.uniform(0.4, 1.4) * rng.lognormal(0, 0.4, count)
    fmse, parts = difficulty * factor, []
    for background, quantisation in ALL_PROTOCOLS:
        mse = fmse * ratio + rng.uniform(0, 1, count)
        psnr = 10 * np.log10(255**2 / mse)
        errors = {"mask_mean": ratio, "mse": mse, "fmse": fmse, "psnr_255": psnr, "psnr_target": psnr - 0.5, "psnr_range": psnr - 1}
        similar = {"fpsnr": psnr - 8, "ssim": 1 - mse / 1e4, "fssim": 1 - fmse / 1e4, "lpips": mse / 1e4, "background_mse": 0.0}
        errors |= dict.fromkeys(FOREGROUND_ERRORS, fmse)
        detail = {"gradient_energy_log2": np.sqrt(fmse) / 40, "local_contrast_log2": np.sqrt(fmse) / 60}
        names = {"sample_id": [f"{image:012d}_{image}_0" for image in range(count)], "foreground_ratio": ratio}
        names |= {"image_id": np.arange(count) // IMAGES_OF_A_PHOTOGRAPH, "method": method, "seed": 0, "dataset": dataset}
        columns = {"ciede2000": np.sqrt(fmse) / 8, "idempotence": fmse / 20, **errors, **similar, **detail}
        protocol = {"background": background, "quantisation": quantisation, "is_flat": False, "code": "", "data_hash": ""}
        protocol |= {"trained_on": None, "stands_in_for": None}
        parts.append(pd.DataFrame({**names, **columns, **protocol}))
    return pd.concat(parts)


def drawn_case(number: int, methods: list[str], size_px: int, rng: np.random.Generator) -> Case:
    """A case of the gallery: smooth pictures with the grain of a photograph, the foreground off the middle."""
    smooth = np.add.outer(np.linspace(40, 120, size_px), np.linspace(0, 90, size_px))[..., None] + rng.uniform(0, 40, 3)
    mask = np.zeros((size_px, size_px), np.uint8)
    mask[size_px // 4 : -size_px // 4, size_px // 2 : -size_px // 8] = 255

    def picture(title: str, fmse: float | None = None) -> Picture:
        noisy = (smooth + rng.normal(0, GRAIN, smooth.shape)).clip(0, 255).astype(np.uint8)
        uri = data_uri("jpeg", encode_jpeg(noisy, quality=92))
        return Picture(title, uri, fmse, None if fmse is None else 28.0, is_method=title in methods)

    own = [picture(method, 800.0 + place) for place, method in enumerate(methods) if method != REFERENCE]
    first = [*own[:3], own[-1]]
    others = [Picture("mask", data_uri("png", encode_png(mask, level=9))), *own[3:-1]]
    focus = Focus(round(100 * (1 / 2 + 7 / 8) / 2, 1), 50, 2.0)
    return Case(f"case {number}", 0.25, 100.0 - number, [picture("composite", 900.0), picture("real"), *first], others, focus)


def write_drawn_page(
    path: Path,
    *,
    params: Params,
    methods: list[str],
    scores: pa.Table,
    statistics: dict[str, pa.Table],
    cases: dict[str, list[Case]],
    epochs: int = EPOCHS,
) -> None:
    """The page of drawn scores, curves and cases; the latter by data set."""
    rng, steps = np.random.default_rng(0), np.arange(1, epochs + 1)
    histories = {name: pd.DataFrame({"epoch": steps, "val_fmse": 900 / steps, "val_psnr": 25 + np.log(steps)}) for name in methods[1:]}
    headline, pairs = rows_of(statistics["summary"]).to_pandas(), statistics.get("pairs", PAIRS.empty_table())
    means = _drawn_validation(headline, list(cases))
    curves = curves_of(histories)
    sections = []
    for dataset, own in cases.items():
        edges = svg_of(ratio_figure(rng.uniform(0.02, 0.6, 100), (0.05, 0.15)))
        card = Card([], ["foreground"], {}, {}, 8.0, 100, {}, edges)
        gains = svg_of(gains_figure(headline, dataset, methods))
        example = Example(own[0].sample_id, methods[1], own[0].shown[:3]) if own else None
        sections.append(Section(dataset, card, gains, methods[1], own, [], example))
    write_page(
        path,
        params=params,
        summary=statistics["summary"].to_pandas(),
        overview=overview_of(headline, means, methods, list(cases), trained=methods[1:], rivals=methods),
        sections=sections,
        controls=control_sections(_drawn_controls(scores), headline, pairs.to_pandas(), means, list(cases), backgroundless=()),
        reports={},
        opinions=[],
        intrinsic=IntrinsicSection(params.active.intrinsic, [], None, []),
        realism=[],
        blind=None,
        matting=None,
        clips=None,
        ends=ends_of(histories),
        curves={"validation": svg_of(validation_figure(curves))} if curves else {},
        choices=Choices(
            leaders_of(statistics["standings"].to_pandas(), shown_pairs(pairs), means),
            distributions_of(gathered_from(scores)),
            training_of(histories),
        ),
        facts={},
    )


def _drawn_validation(headline: pd.DataFrame, datasets: list[str]) -> Means:
    """Means of validation photographs that are no others than those tested on: what is drawn has one split."""
    rows = headline[(headline["bucket"] == "all") & (headline["metric"] == "fmse")]
    return {name: rows[rows["dataset"] == name].set_index("method")["mean"].to_dict() for name in datasets}


def _drawn_controls(scores: pa.Table) -> pa.Table:
    """Controls of methods that lose half of their gain by another background, and change photographs by a tenth of what they leave."""
    rows = rows_of(scores).to_pandas()
    given = (
        rows["dataset"]
        .str.cat(rows["sample_id"])
        .map(rows[rows["method"] == REFERENCE].assign(key=lambda own: own["dataset"] + own["sample_id"]).set_index("key")["fmse"])
    )
    swapped = rows.assign(
        control=SWAPPED, other_image_id=None, own_fmse=rows["fmse"], composite_fmse=given, fmse=(rows["fmse"] + given) / 2
    )
    untouched = rows.assign(control=UNTOUCHED, other_image_id=None, own_fmse=None, composite_fmse=0.0, ciede2000=rows["ciede2000"] / 10)
    frames = [pa.Table.from_pandas(part[CONTROLS.names], schema=CONTROLS, preserve_index=False) for part in (swapped, untouched)]
    return summarise_controls(pa.concat_tables(frames), bootstrap=100)
