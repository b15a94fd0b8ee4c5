"""The report's part on one data set: its card, its figure and its gallery."""

from pathlib import Path

import pandas as pd

from imharmony.composing.splits import SPLITS
from imharmony.evaluation.buckets import EDGES
from imharmony.evaluation.score_sets import Scores
from imharmony.evaluation.summary import REFERENCE
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.steps.paths import Places
from reporting.choice import Means, chosen_on
from reporting.figures import gains_figure, ratio_figure, svg_of, write_png
from reporting.gallery import Errors, Example, cases, errors_of, example_of
from reporting.page import Card, Section
from reporting.pictures import Pictures, shown_on
from reporting.results import methods_of
from reporting.typical import typical

SHOWN_CATEGORIES = 8


def section_of(
    dataset: str,
    *,
    params: Params,
    places: Places,
    scores: Scores,
    headline: pd.DataFrame,
    means: Means,
    pictures: Pictures,
    figures: Path,
) -> Section:
    """Everything that the page shows of a data set; also writes its figure as PNG."""
    seeds = {name: seeds[0] for name, seeds in methods_of(params)}
    gains = gains_figure(headline, dataset, list(seeds))
    write_png(gains, figures / f"gains_{dataset}.png")
    judged = chosen_on(means, dataset, params.variants)
    shown = shown_on(params, dataset, [name for name in seeds if name not in {REFERENCE, *params.imported}])
    errors = errors_of(scores.sets[dataset], seeds=seeds)
    best, worst = (
        ([], []) if judged is None else cases(dataset, errors, pictures, shown, judged=judged, count=params.active.evaluation.gallery)
    )
    return Section(
        name=dataset,
        card=card_of(dataset, places),
        gains_svg=svg_of(gains),
        judged=judged,
        best=best,
        worst=worst,
        example=_example(dataset, scores, means, errors, pictures, shown),
    )


def _example(dataset: str, scores: Scores, means: Means, errors: Errors, pictures: Pictures, methods: list[str]) -> Example | None:
    """The chosen method's picture of the image in the middle by the composites' fMSE; None where no method has pictures."""
    method, names = chosen_on(means, dataset, methods), typical(scores, dataset)
    return None if method is None or not names else example_of(dataset, names[len(names) // 2], errors, pictures, method)


def card_of(dataset: str, places: Places) -> Card:
    """What a data set holds, from its manifest and from what was dropped on the way."""
    columns = ["split", "image_id", "direction", "transfer", "category", "foreground_ratio", "delta_e"]
    manifest = read_table(places.composites(dataset) / "manifest.parquet", columns).to_pandas()
    dropped = read_table(places.selected(dataset) / "dropped.parquet", ["reason"]).to_pandas()
    kept = read_table(places.selected(dataset) / "instances.parquet", ["annotation_id"])
    parts = {split: manifest[manifest["split"] == split] for split in SPLITS}
    return Card(
        splits=[{"split": name, "composites": len(part), "photographs": part["image_id"].nunique()} for name, part in parts.items()],
        directions=sorted(manifest["direction"].unique()),
        transfers=_counts(manifest["transfer"]),
        categories=_counts(manifest["category"], SHOWN_CATEGORIES),
        delta_e=float(manifest["delta_e"].mean()),
        kept=kept.num_rows,
        dropped=_counts(dropped["reason"]),
        ratios_svg=svg_of(ratio_figure(manifest["foreground_ratio"], EDGES[1:-1])),
    )


def _counts(column: pd.Series, most: int | None = None) -> dict[str, int]:
    """Values by frequency, then by name; those after the first ``most`` together as "other"."""
    counts = sorted(column.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
    shown = {str(name): int(count) for name, count in counts[:most]}
    rest = sum(int(count) for _, count in counts[len(shown) :])
    return {**shown, "other": rest} if rest else shown
