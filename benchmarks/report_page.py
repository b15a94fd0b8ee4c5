"""The report at the size of a study, statistics and page, and how soon Chromium has it ready: ``python -m benchmarks.report_page``.

Scores are drawn, pictures too; tables, plots and gallery are made as the stage ``report`` makes them. Statistics are timed three
times: without what an earlier report kept, after one method's scores changed, and with nothing changed. Needs Chromium.
"""

import argparse
import os
import shutil
import statistics
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from playwright.sync_api import Browser, sync_playwright

from benchmarks.drawn_report import drawn_case, drawn_scores, write_drawn_page
from imharmony.evaluation.score_sets import gathered_from
from pipeline.params.file import Params, load_params
from reporting.results import methods_of
from reporting.statistics import statistics_of

MEGABYTE = 1e6
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
DATASETS = ("people", "luminance", "objects", "hmh")


def changed(scores: pa.Table, method: str) -> pa.Table:
    """The scores after one method was trained again: its fMSE is another."""
    is_changed = pc.call_function("equal", [scores["method"], pa.scalar(method)])
    other = pc.call_function("if_else", [is_changed, pc.call_function("multiply", [scores["fmse"], pa.scalar(1.01)]), scores["fmse"]])
    return scores.set_column(scores.schema.get_field_index("fmse"), "fmse", other)


def time_statistics(scores: pa.Table, params: Params, *, method: str, bootstrap: int) -> dict[str, pa.Table]:
    """Prints the seconds of each case and returns the tables."""
    cases = {"statistics from nothing": scores, f"after {method} changed": changed(scores, method), "with nothing changed": scores}
    tables = {}
    for name, table in cases.items():
        start, before = time.perf_counter(), processor_seconds()
        tables = statistics_of(gathered_from(table), bootstrap=bootstrap, workers=params.machine.processes, code=Path(__file__))
        print(f"{name}: {time.perf_counter() - start:.1f} s, {processor_seconds() - before:.1f} s of processors")
    return tables


def processor_seconds() -> float:
    """What this process and its finished children have computed: on a busy machine the one number that compares."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


def seconds_until_ready(browser: Browser, path: Path) -> tuple[float, float]:
    """Seconds until every table and control answers, and from there until the plots are drawn once they are looked at."""
    page = browser.new_context(viewport={"width": 1280, "height": 900}).new_page()
    page.goto(path.as_uri(), wait_until="load")
    page.wait_for_selector(".choices[data-leaders]:not([hidden])", state="attached")
    ready = page.evaluate("performance.getEntriesByType('navigation')[0].domContentLoadedEventEnd / 1000")
    start = time.perf_counter()
    page.evaluate("location.hash = 'distributions'")
    page.wait_for_selector("#distributions .boxlayer .box")
    drawn = time.perf_counter() - start
    page.context.close()
    return ready, drawn


def main() -> None:
    """Prints the statistics' times, the page's weight and Chromium's times, medians over rounds."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--images", type=int, nargs="+", default=[133, 109, 76, 24], help="of each data set")
    parser.add_argument("--bootstrap", type=int, default=1000)
    parser.add_argument("--gallery", type=int, default=8)
    parser.add_argument("--size", type=int, default=64)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--keep", type=Path, help="write the page there too")
    values = parser.parse_args()
    found = next(filter(None, map(shutil.which, BROWSERS)), None)
    if found is None:
        raise SystemExit(f"error: needs a browser: one of {', '.join(BROWSERS)}")
    params, rng = load_params(), np.random.default_rng(0)
    methods = [name for name, _ in methods_of(params)]
    counts = dict(zip(DATASETS, values.images, strict=False))
    home = Path.cwd()
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as player:
        scores = drawn_scores(methods, counts, rng)
        print(f"{len(methods)} methods x {sum(counts.values())} images of {len(counts)} data sets: {scores.num_rows} scores")
        os.chdir(folder)  # nothing is kept there yet
        tables = time_statistics(scores, params, method=methods[1], bootstrap=values.bootstrap)
        os.chdir(home)
        cases = {name: [drawn_case(number, methods, values.size, rng) for number in range(values.gallery)] for name in counts}
        path = Path(folder, "index.html")
        start, before = time.perf_counter(), processor_seconds()
        write_drawn_page(path, params=params, methods=methods, scores=scores, statistics=tables, cases=cases)
        seconds, spent, weight = time.perf_counter() - start, processor_seconds() - before, path.stat().st_size / MEGABYTE
        print(f"page of {values.gallery} cases a data set at {values.size} px: {weight:.1f} MB")
        print(f"written in {seconds:.1f} s, {spent:.1f} s of processors")
        if values.keep:
            shutil.copy(path, values.keep)
        browser = player.chromium.launch(executable_path=found, args=["--no-sandbox"])
        ready, drawn = zip(*(seconds_until_ready(browser, path) for _ in range(values.rounds)), strict=True)
        browser.close()
    print(f"interactive after {statistics.median(ready):.2f} s, plots drawn {statistics.median(drawn):.2f} s after they are opened")


if __name__ == "__main__":
    main()
