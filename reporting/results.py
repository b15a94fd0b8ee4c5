"""What the report reads: the scores and histories that the parameters name, and the numbers taken from them."""

from collections.abc import Callable, Iterator
from functools import partial
from pathlib import Path

import pandas as pd
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.conventions import rows_of
from imharmony.evaluation.measures import SCORES
from imharmony.evaluation.score_sets import Part, Scores, gathered
from imharmony.evaluation.summary import REFERENCE
from imharmony.storage.streams import join_tables, read_batches
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.params.training import INTRINSIC
from pipeline.steps.paths import Places


def methods_of(params: Params) -> list[tuple[str, list[int]]]:
    """Every method with its seeds, in the order of the parameters: baselines, the preprocessing, variants, models and results of others."""
    if REFERENCE not in params.baselines:
        raise InputError(f"params.yaml: baselines are {params.baselines}; expected {REFERENCE!r} among them: the report compares to it")
    trained = [(name, list(params.seeds)) for name in params.variants]
    preprocessing = [INTRINSIC] if params.decomposers else []
    others = [*params.published, *params.imported]
    return [*((name, [0]) for name in (*params.baselines, *preprocessing)), *trained, *((name, [0]) for name in others)]


def published_forms(params: Params) -> list[str]:
    """The variants that repeat a report or its code, faults included; they are shown apart."""
    return [name for name, variant in params.drawn.items() if variant.form == "as_published"]


def rivals_of(params: Params) -> list[str]:
    """The methods that may be named as the best: neither a form as published nor a control."""
    aside = {name for name, variant in params.drawn.items() if variant.form != "mended"}
    return [name for name, _ in methods_of(params) if name not in aside]


def read_scores(params: Params, places: Places, folder: Path) -> Scores:
    """Per-image scores of all methods, kept in a folder. Only files that the parameters name are read: others may still lie there."""
    parts = []
    for method, seed in score_cells(params):
        path = places.scores(method, seed)
        expected = sorted(params.imported[method].datasets if method in params.imported else params.scored)
        found: set[str] = set()
        for batch in read_batches(path, ["dataset"]):
            found.update(batch["dataset"].unique().to_pylist())
        if sorted(found) != expected:
            raise InputError(f"{path}: scores of {sorted(found)}; expected {expected}; evaluate {method} again (dvc repro)")
        parts.append(Part(method, seed, partial(read_batches, path, coded=True)))
    return gathered(parts, folder)


def score_cells(params: Params) -> list[tuple[str, int]]:
    """Every method and seed that has a file of scores."""
    return [(method, seed) for method, seeds in methods_of(params) for seed in seeds]


def write_scores(path: Path, params: Params, places: Places) -> None:
    """The rows of all methods as one table, which is never in memory whole."""
    join_tables(path, (places.scores(*cell) for cell in score_cells(params)), SCORES)


def read_validation(params: Params, places: Places) -> Iterator[pa.Table]:
    """For each method its scores of the validation photographs; what others computed has none."""
    return _by_method(params, places.validation)


def read_controls(params: Params, places: Places) -> Iterator[pa.Table]:
    """For each method its rows of ``controls.CONTROLS``; what others computed has none."""
    return _by_method(params, places.controls)


def _by_method(params: Params, path_of: Callable[[str, int], Path]) -> Iterator[pa.Table]:
    for method, seeds in methods_of(params):
        if method not in params.imported:
            yield pa.concat_tables([read_table(path_of(method, seed)) for seed in seeds])


def read_histories(params: Params, places: Places) -> dict[str, pd.DataFrame]:
    """The training of each variant by epoch, mean over the seeds."""
    histories = {}
    for variant in params.variants:
        seeds = [read_table(places.run(variant, seed) / "history.parquet").to_pandas() for seed in params.seeds]
        histories[variant] = pd.concat(seeds).groupby("epoch", as_index=False, sort=True).mean(numeric_only=True)
    return histories


def headline_frame(summary: pa.Table) -> pd.DataFrame:
    """The summary's rows of the headline protocol."""
    return rows_of(summary).to_pandas()
