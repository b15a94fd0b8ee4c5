"""The report's page at the size of a study: its weight, and how soon Chromium has it ready: ``python -m benchmarks.report_page``.

Scores are drawn, pictures too; tables, plots and gallery are made as the stage ``report`` makes them. Needs Chromium.
"""

import argparse
import base64
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
from playwright.sync_api import Browser, sync_playwright

from imharmony.evaluation.conventions import rows_of
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.pairs import pairwise, standings
from imharmony.evaluation.scoring import BACKGROUNDS, QUANTISATIONS
from imharmony.evaluation.summary import REFERENCE, summarise
from imharmony.pictures.images import encode_jpeg, encode_png
from pipeline.params.file import Params, load_params
from reporting.distributions import distributions_of
from reporting.figures import gains_figure, ratio_figure, svg_of, validation_figure
from reporting.gallery import Case, Focus, Picture
from reporting.leaders import leaders_of
from reporting.page import Card, Choices, Section, write_page
from reporting.training import training_of

DATASET = "people"
IMAGES_OF_A_PHOTOGRAPH = 4
EPOCHS = 60
GRAIN = 10.0  # levels; a JPEG of 256 px then has the 25 KB of a photograph of COCO
MEGABYTE = 1e6
BROWSERS = ("chromium", "chromium-browser", "google-chrome")


def drawn_scores(methods: list[str], count: int, rng: np.random.Generator) -> pa.Table:
    """Scores of every method and image under every protocol; methods differ by a factor, images by a log-normal one."""
    difficulty, ratio = rng.lognormal(6.5, 0.8, count), rng.uniform(0.02, 0.6, count)
    names = {"sample_id": [f"{image:012d}_{image}_0" for image in range(count)], "image_id": np.arange(count) // IMAGES_OF_A_PHOTOGRAPH}
    parts = []
    for method in methods:
        fmse = difficulty * rng.lognormal(0, 0.4, count) * rng.uniform(0.8, 1.6)
        for background in BACKGROUNDS:
            for quantisation in QUANTISATIONS:
                mse = fmse * ratio + rng.uniform(0, 1, count)
                psnr = 10 * np.log10(255**2 / mse)
                columns = {
                    "mask_mean": ratio,
                    "mse": mse,
                    "fmse": fmse,
                    "psnr_255": psnr,
                    "psnr_target": psnr - 0.5,
                    "psnr_range": psnr - 1,
                }
                similar = {
                    "ciede2000": np.sqrt(fmse) / 8,
                    "gradient_energy_log2": np.sqrt(fmse) / 40,
                    "local_contrast_log2": np.sqrt(fmse) / 60,
                    "background_mse": 0.0,
                    "idempotence": fmse / 20,
                    "fpsnr": psnr - 8,
                    "ssim": 1 - mse / 1e4,
                    "fssim": 1 - fmse / 1e4,
                    "lpips": mse / 1e4,
                }
                protocol = {"method": method, "seed": 0, "dataset": DATASET, "background": background, "quantisation": quantisation}
                parts.append(
                    pd.DataFrame({**names, "foreground_ratio": ratio, **columns, **similar, **protocol, "code": "", "data_hash": ""})
                )
    return pa.Table.from_pandas(pd.concat(parts).reindex(columns=SCORES.names), schema=SCORES, preserve_index=False)


def drawn_case(number: int, methods: list[str], size_px: int, rng: np.random.Generator) -> Case:
    """A case of the gallery: smooth pictures with the grain of a photograph."""
    smooth = np.add.outer(np.linspace(40, 120, size_px), np.linspace(0, 90, size_px))[..., None] + rng.uniform(0, 40, 3)
    mask = np.zeros((size_px, size_px), np.uint8)
    mask[size_px // 4 : -size_px // 4, size_px // 4 : -size_px // 4] = 255

    def picture() -> str:
        return data_uri("jpeg", encode_jpeg((smooth + rng.normal(0, GRAIN, smooth.shape)).clip(0, 255).astype(np.uint8), quality=92))

    pictures = [Picture("composite", picture(), 900.0, 28.0), Picture("mask", data_uri("png", encode_png(mask, level=9)))]
    pictures += [Picture(method, picture(), 800.0, 29.0, is_method=True) for method in methods if method != REFERENCE]
    return Case(f"case {number}", 0.25, 100.0 - number, [*pictures, Picture("real", picture())], Focus(50, 50, 2.0))


def data_uri(kind: str, data: bytes) -> str:
    """The picture as the page holds it."""
    return f"data:image/{kind};base64,{base64.b64encode(data).decode()}"


def write_drawn_page(path: Path, *, params: Params, methods: list[str], count: int, cases: list[Case]) -> None:
    """The page of drawn scores, curves and cases."""
    rng = np.random.default_rng(0)
    resamples = params.active.evaluation.bootstrap
    scores = drawn_scores(methods, count, rng)
    summary = summarise(scores, bootstrap=resamples)
    choices = [made(scores, bootstrap=resamples).to_pandas() for made in (standings, pairwise)]
    epochs = np.arange(1, EPOCHS + 1)
    histories = {
        method: pd.DataFrame({"epoch": epochs, "val_fmse": 900 / epochs, "val_psnr": 25 + np.log(epochs)}) for method in methods[1:]
    }
    card = Card([], ["foreground"], {}, {}, 8.0, count, {}, svg_of(ratio_figure(rng.uniform(0.02, 0.6, count), (0.05, 0.15))))
    gains = svg_of(gains_figure(rows_of(summary).to_pandas(), DATASET, methods))
    write_page(
        path,
        params=params,
        summary=summary.to_pandas(),
        sections=[Section(DATASET, card, gains, methods[1], cases, [])],
        reports={},
        opinions=[],
        curves={"validation": svg_of(validation_figure(histories))},
        choices=Choices(leaders_of(*choices), distributions_of(scores), training_of(histories)),
        facts={},
    )


def seconds_until_ready(browser: Browser, path: Path) -> tuple[float, float]:
    """Seconds until every table and control answers, and from there until the plots are drawn once they are looked at."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_selector(".choices[data-leaders]:not([hidden])")
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000")
    start = time.perf_counter()
    page.locator("#distributions").scroll_into_view_if_needed()
    page.wait_for_selector("section.distributions .boxlayer .box")
    drawn = time.perf_counter() - start
    page.context.close()
    return ready, drawn


def main() -> None:
    """Prints the page's weight and Chromium's times, medians over rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--methods", type=int, default=20)
    parser.add_argument("--images", type=int, default=1000)
    parser.add_argument("--gallery", type=int, default=12)
    parser.add_argument("--size", type=int, default=256)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="write the page there too")
    values = parser.parse_args()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit(f"error: needs a browser: one of {', '.join(BROWSERS)}")
    params = load_params()
    methods = [REFERENCE, *(f"method_{number:02d}" for number in range(1, values.methods))]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as player:
        path = Path(folder, "index.html")
        start = time.perf_counter()
        cases = [drawn_case(number, methods, values.size, np.random.default_rng(number)) for number in range(values.gallery)]
        write_drawn_page(path, params=params, methods=methods, count=values.images, cases=cases)
        print(f"{values.methods} methods x {values.images} images, gallery of {values.gallery} at {values.size} px")
        print(f"statistics and page made in {time.perf_counter() - start:.1f} s; {path.stat().st_size / MEGABYTE:.1f} MB")
        if values.keep:
            shutil.copy(path, values.keep)
        browser = player.chromium.launch(executable_path=found, args=["--no-sandbox"])
        ready, drawn = zip(*(seconds_until_ready(browser, path) for _ in range(values.rounds)), strict=True)
        browser.close()
    print(f"interactive after {statistics.median(ready):.2f} s, plots drawn {statistics.median(drawn):.2f} s after they are scrolled to")


if __name__ == "__main__":
    main()
