"""The report's part on one data set: its card, its figure and its gallery."""

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.splits import SPLITS
from imharmony.evaluation.blocks import BUCKETS
from imharmony.evaluation.outputs import files_of
from imharmony.storage.tables import read_table
from pipeline.params.file import Params
from pipeline.steps.packing import packed_test
from pipeline.steps.paths import Layout
from reporting.figures import gains_figure, ratio_figure, svg_of, write_png
from reporting.gallery import Case, cases
from reporting.methods import Method
from reporting.page import Card, Section
from reporting.results import best_variant, methods_of

EDGES = tuple(sorted({edge for low, high in BUCKETS.values() for edge in (low, high) if 0 < edge < 1}))
SHOWN_CATEGORIES = 8


def section_of(
    dataset: str, *, params: Params, layout: Layout, scores: pa.Table, headline: pd.DataFrame, methods: dict[str, Method], figures: Path
) -> Section:
    """Everything that the page shows of a data set; also writes its figure as PNG."""
    seeds = {name: seeds[0] for name, seeds in methods_of(params)}
    gains = gains_figure(headline, dataset, list(seeds))
    write_png(gains, figures / f"gains_{dataset}.png")
    judged = best_variant(headline, dataset, list(params.variants))
    best, worst = ([], []) if judged is None else _gallery(dataset, judged, params, layout, scores, methods, seeds)
    return Section(dataset, card_of(dataset, layout), svg_of(gains), judged, best, worst)


def _gallery(
    dataset: str, judged: str, params: Params, layout: Layout, scores: pa.Table, methods: dict[str, Method], seeds: dict[str, int]
) -> tuple[list[Case], list[Case]]:
    evaluation = params.active.evaluation
    split = packed_test(params, layout, dataset)
    own = scores.filter(pc.field("dataset") == dataset)
    folders = {name: method.pictures(dataset) for name, method in params.imported.items()}
    imported = {name: files_of(folder, split.rows) for name, folder in folders.items() if folder}
    return cases(own, split, methods, imported=imported, seeds=seeds, judged=judged, count=evaluation.gallery)


def card_of(dataset: str, layout: Layout) -> Card:
    """What a data set holds, from its manifest and from what was dropped on the way."""
    columns = ["split", "image_id", "direction", "transfer", "category", "foreground_ratio", "delta_e"]
    manifest = read_table(layout.composites(dataset) / "manifest.parquet", columns).to_pandas()
    dropped = read_table(layout.selected(dataset) / "dropped.parquet", ["reason"]).to_pandas()
    kept = read_table(layout.selected(dataset) / "instances.parquet", ["annotation_id"])
    parts = {split: manifest[manifest["split"] == split] for split in SPLITS}
    return Card(
        splits=[{"split": name, "composites": len(part), "photographs": part["image_id"].nunique()} for name, part in parts.items()],
        directions=sorted(manifest["direction"].unique()),
        transfers=_counts(manifest["transfer"]),
        categories=_counts(manifest["category"], SHOWN_CATEGORIES),
        delta_e=float(manifest["delta_e"].mean()),
        kept=kept.num_rows,
        dropped=_counts(dropped["reason"]),
        ratios_svg=svg_of(ratio_figure(manifest["foreground_ratio"], EDGES)),
    )


def _counts(column: pd.Series, most: int | None = None) -> dict[str, int]:
    """Values by frequency, then by name; those after the first ``most`` together as "other"."""
    counts = sorted(column.value_counts().items(), key=lambda item: (-item[1], str(item[0])))
    shown = {str(name): int(count) for name, count in counts[:most]}
    rest = sum(int(count) for _, count in counts[len(shown) :])
    return {**shown, "other": rest} if rest else shown
