"""What DVC's own commands show of a report: ``reports/metrics/`` for ``dvc metrics``, ``reports/plots/`` for ``dvc plots``."""

import json
from collections.abc import Mapping

import numpy as np
import pandas as pd
import pyarrow as pa

from imharmony.evaluation.score_sets import Scores, headline_block
from imharmony.pictures.images import encode_png
from imharmony.running.progress import track
from imharmony.storage.files import write_bytes, write_text
from imharmony.storage.tables import write_csv
from pipeline.params.file import Params
from pipeline.params.mixtures import names_in
from pipeline.steps.paths import REPORTS
from reporting.distributions import QUANTILES
from reporting.pictures import Pictures
from reporting.typical import untouched_errors

METRICS = REPORTS / "metrics"
ALPHA_ERRORS = ("mse", "sad")  # over the unknown region, at a portrait's own size
OF_BACKGROUNDS = ("background_mse", "lightness_change")
PLOTS = REPORTS / "plots"
TRAINING_LOSS = "g_loss"
CURVE_COLUMNS = {"epoch": "epoch", TRAINING_LOSS: "train_loss", "val_fmse": "val_fmse", "val_psnr": "val_psnr"}
COMPARED = (0.2, 0.4, 0.6, 0.8)  # quantiles of the composite's foreground error: the same images whatever the methods make of them
GAP_PX = 4


def write_metrics(summary: pd.DataFrame) -> None:
    """A file for each method, and in it two numbers for each data set: mean fMSE, and the share of images that it made worse.

    ``dvc metrics show`` prints a line for each file, so that the lines are a table of the methods. Numbers from elsewhere under
    another protocol alone have no line.
    """
    for method, own in summary[summary["bucket"] == "all"].groupby("method", sort=True):
        rows = own[own["metric"] == "fmse"].to_dict(orient="records")  # none for numbers from elsewhere without fMSE
        tree = {row["dataset"]: {"fmse": _rounded(row["mean"]), "harm_rate": _rounded(row["harm_rate"])} for row in rows}
        write_text(METRICS / f"{method}.json", json.dumps(tree, indent=2) + "\n")


def write_matting_metrics(tables: Mapping[str, pa.Table]) -> None:
    """``mattes/``: a file for each matting network and system, with its errors of alpha and, of a system, what it makes of backgrounds.

    ``tables`` are the report's of matting, none where there are no portraits.
    """
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for row in tables["matting"].to_pylist() if tables else []:
        if (row["region"], row["size"]) == ("unknown", "native") and row["metric"] in ALPHA_ERRORS:
            found.setdefault(row["method"], {}).setdefault(row["dataset"], {})[f"alpha_{row['metric']}"] = _rounded(row["mean"])
    for row in tables["matting_harmonized"].to_pylist() if tables else []:
        if row["measure"] in OF_BACKGROUNDS:
            found.setdefault(row["system"], {}).setdefault(row["dataset"], {})[row["measure"]] = _rounded(row["mean"])
    for method, tree in found.items():
        write_text(METRICS / "mattes" / f"{method}.json", json.dumps(tree, indent=2) + "\n")


def write_clip_metrics(tables: Mapping[str, pa.Table]) -> None:
    """``clips/``: a file for each method on clips, frame by frame; ``tables`` are the report's of clips, none without any."""
    found: dict[str, dict[str, dict[str, float | None]]] = {}
    for row in tables["clips"].to_pylist() if tables else []:
        if (row["kind"], row["smoothing"]) == ("all", "none"):
            found.setdefault(row["method"], {}).setdefault(row["dataset"], {})[row["measure"]] = _rounded(row["mean"])
    for method, tree in found.items():
        write_text(METRICS / "clips" / f"{method}.json", json.dumps(tree, indent=2) + "\n")


def write_plots(histories: dict[str, pd.DataFrame], scores: Scores, pictures: Pictures, *, params: Params) -> None:
    """The curves, the distributions and a comparison for each variant, on the first data set that it was trained on and is scored.

    On the first that is scored if none of them is.
    """
    write_curves(histories)
    write_distributions(scores)
    for variant, trained in track(params.drawn.items(), total=len(params.variants), what="report: comparisons", unit="variants"):
        learned_from = names_in(params.trained_on(trained.dataset))
        dataset = next((name for name in learned_from if name in params.scored), params.scored[0])
        write_comparison(variant, dataset, pictures, scores)


def write_curves(histories: dict[str, pd.DataFrame]) -> None:
    """The training of all variants by epoch."""
    curves = [history[list(CURVE_COLUMNS)].rename(columns=CURVE_COLUMNS).assign(variant=variant) for variant, history in histories.items()]
    columns = ["variant", *CURVE_COLUMNS.values()]
    _write_frame("training", pd.concat(curves)[columns] if curves else pd.DataFrame(columns=columns))


def write_distributions(scores: Scores) -> None:
    """Quantiles of each method's fMSE on each data set where it has one under the headline protocol."""
    columns, rows = [f"q{100 * share:.0f}" for share in QUANTILES], []
    for dataset, own in scores.sets.items():
        block = headline_block(own)
        at = [place for place, column in enumerate(block.columns) if column.metric == "fmse"]
        for method in block.methods if at else []:
            values = block.values[block.members(method), :, at[0]]
            if (known := values[~np.isnan(values)]).size:
                rows.append({"dataset": dataset, "method": method, **dict(zip(columns, np.quantile(known, QUANTILES), strict=True))})
    _write_frame("distributions", pd.DataFrame(rows))


def write_comparison(variant: str, dataset: str, pictures: Pictures, scores: Scores) -> None:
    """A picture of a few test images: in each row composite, mask, the variant's output and the real photograph."""
    ordered = [name for _, name in untouched_errors(scores, dataset)]
    chosen = [ordered[round(share * (len(ordered) - 1))] for share in COMPARED]
    rows = [_strip(pictures, variant, dataset, sample_id) for sample_id in dict.fromkeys(chosen)]
    write_bytes(PLOTS / "comparisons" / f"{variant}.png", encode_png(_joined(rows, axis=0), level=9))


def _strip(pictures: Pictures, variant: str, dataset: str, sample_id: str) -> np.ndarray:
    split, index = pictures.split(dataset), pictures.place(dataset, sample_id)
    grey = np.repeat(np.array(split.mask[index])[..., None], 3, axis=2)
    return _joined([split.composite[index], grey, pictures.picture(variant, dataset, sample_id), split.real[index]], axis=1)


def _joined(pictures: list[np.ndarray], *, axis: int) -> np.ndarray:
    shape = list(pictures[0].shape)
    shape[axis] = GAP_PX
    gap = np.full(shape, 255, np.uint8)
    return np.concatenate([part for picture in pictures for part in (picture, gap)][:-1], axis=axis)


def _write_frame(name: str, frame: pd.DataFrame) -> None:
    write_csv(PLOTS / f"{name}.csv", pa.Table.from_pandas(frame, preserve_index=False))


def _rounded(value: float) -> float | None:
    return None if np.isnan(value) else round(float(value), 4)
