"""What the report reads: the scores and histories that the parameters name, and the numbers taken from them."""

import pandas as pd
import pyarrow as pa

from imharmony.errors import InputError
from imharmony.evaluation.conventions import rows_of
from imharmony.evaluation.summary import REFERENCE
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


def read_scores(params: Params, places: Places) -> pa.Table:
    """Per-image scores of all methods. Only files that the parameters name are read: those of removed variants may still lie there."""
    tables = []
    for method, seeds in methods_of(params):
        expected = sorted(params.imported[method].datasets if method in params.imported else params.scored)
        for seed in seeds:
            path = places.scores(method, seed)
            table = read_table(path)
            found = sorted(set(table["dataset"].to_pylist()))
            if found != expected:
                raise InputError(f"{path}: scores of {found}; expected {expected}; evaluate {method} again (dvc repro)")
            tables.append(table)
    return pa.concat_tables(tables)


def read_validation(params: Params, places: Places) -> pa.Table:
    """The same of the validation photographs; what others computed has none."""
    own = [(method, seeds) for method, seeds in methods_of(params) if method not in params.imported]
    return pa.concat_tables([read_table(places.validation(method, seed)) for method, seeds in own for seed in seeds])


def read_controls(params: Params, places: Places) -> pa.Table:
    """Rows of ``controls.CONTROLS`` of all methods; what others computed has none."""
    own = [(method, seeds) for method, seeds in methods_of(params) if method not in params.imported]
    return pa.concat_tables([read_table(places.controls(method, seed)) for method, seeds in own for seed in seeds])


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
