"""The report's part on harmonization without a mask, after report 003: what ``evaluate_blind`` left of each entry of ``blind``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pandas as pd
import pyarrow as pa
from matplotlib.figure import Figure

from imharmony.blind import summary, thresholds
from imharmony.blind.detections import ANY, CONTROL, DETECTED, PSYCHOMETRIC
from imharmony.blind.judging import BINARY, BLIND, CAUTIOUS, JUDGED, TRUE_MASK, UNTOUCHED, expect_headline
from imharmony.pictures.images import decode_png, encode_jpeg
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_typed
from pipeline.params.file import Params
from pipeline.steps.paths import Places
from reporting import blind_words
from reporting.blind_figures import calibration_figure, differences_figure, distributions_figure, psychometric_figure, risk_figure
from reporting.figures import Drawing, svg_of, write_png
from reporting.gallery import data_uri
from reporting.lpips_reason import why_absent
from reporting.pictures import QUALITY

BACKGROUND = "raw"  # of the headline: the own whole picture
LABELS = {
    UNTOUCHED: "composite as it is",
    TRUE_MASK: "harmonizer with the true mask",
    BLIND: "detector + harmonizer",
    BINARY: "the same, mask binarised",
    CAUTIOUS: "the same, unless harm is likely",
}
KINDS = {"negative": "darker", "positive": "brighter", "colour": "of another colour", ANY: "any of them", CONTROL: "untouched photographs"}
STRIPS = {
    "made": "How a composite is made: photograph, its object, the other photograph, its object, composite.",
    "worse_masked": "The true mask's picture has the larger error.",
    "alike": "Both pictures have a similar error.",
}


class BlindRun(NamedTuple):
    """By variant: rows of ``JUDGED``, ``DETECTED`` and ``PSYCHOMETRIC``, and the folder of pictures, which may be absent."""

    judged: dict[str, pa.Table]
    detected: dict[str, pa.Table]
    psychometric: dict[str, pa.Table]
    pictures: dict[str, Path]


@dataclass(frozen=True)
class Strip:
    """A row of pictures of a variant."""

    name: str
    caption: str
    uri: str


@dataclass(frozen=True)
class BlindDataset:
    """One data set of the section: rows of the tables, a sentence for each, and figures."""

    name: str
    means: dict[str, list[Row]]  # by variant, of composites, in the order of LABELS; the composite as it is stands first alone
    untouched: Row | None  # the composites' own error, which no variant changes
    real: list[Row]  # of photographs as they are
    pairs: list[dict[str, Row]]  # by metric: rows of BLIND_PAIRS of composites as the template's ``change`` has them
    risks: list[Row]  # one for each variant, system and kind of picture: `rates` by coverage
    reasons: list[Row]
    detected: list[Row]
    thresholds: list[Row]
    says: dict[str, str]  # by table
    drawings: list[Drawing]


@dataclass(frozen=True)
class BlindSection:
    """What the page says of systems without a mask."""

    variants: dict[str, Row]  # way, detector and harmonizer
    labels: Mapping[str, str]
    kinds: Mapping[str, str]
    coverages: Sequence[float]
    datasets: list[BlindDataset]
    without: list[str]  # data sets of which no picture was judged
    lpips_reason: str | None
    strips: dict[str, list[Strip]]  # by variant


def read_blind(params: Params, places: Places) -> BlindRun:
    """Reads what was left of each entry of ``blind``, in their order."""
    folders = {name: places.blind(name, "judged") for name in params.blind}
    known = ["dataset", "sample_id", "image_id"]
    filled = {"judged": (JUDGED, [*known, "is_real", "system", "mse"]), "detected": (DETECTED, ["dataset", "kind"])}
    filled |= {"psychometric": (PSYCHOMETRIC, [*known, "stops"])}
    tables = {
        part: {name: read_typed(folder / f"{part}.parquet", schema, filled=columns) for name, folder in folders.items()}
        for part, (schema, columns) in filled.items()
    }
    return BlindRun(**tables, pictures={name: folder / "pictures" for name, folder in folders.items()})


def blind_tables(run: BlindRun, *, bootstrap: int) -> dict[str, pa.Table]:
    """The tables of ``reports/tables/`` by their names; none where nothing is harmonized without a mask."""
    if not run.judged:
        return {}
    expect_headline(BACKGROUND)
    named = [table.add_column(0, "variant", pa.repeat(name, table.num_rows)) for name, table in run.detected.items()]
    return {
        "blind": summary.means(run.judged, bootstrap=bootstrap),
        "blind_pairs": summary.pairs(run.judged, bootstrap=bootstrap),
        "blind_risk": summary.risks(run.judged),
        "blind_reasons": summary.reasons(run.judged),
        "blind_detection": pa.concat_tables(named),
        "blind_psychometric": thresholds.curves(run.psychometric),
        "blind_thresholds": thresholds.threshold_errors(run.psychometric),
    }


def blind_section(params: Params, run: BlindRun, tables: Mapping[str, pa.Table], *, figures: Path) -> BlindSection | None:
    """The section, from the tables of ``blind_tables``; None where nothing is harmonized without a mask. Figures are written as PNG too."""
    if not tables:
        return None
    asked = dict.fromkeys(dataset for system in params.blind.values() for dataset in system.datasets)
    found = {name for key in ("blind", "blind_detection", "blind_psychometric") for name in tables[key]["dataset"].to_pylist()}
    has_lpips = tables["blind"]["lpips"].null_count < tables["blind"].num_rows
    return BlindSection(
        variants={name: {key: getattr(each, key) for key in ("way", "detector", "harmonizer")} for name, each in params.blind.items()},
        labels=LABELS,
        kinds=KINDS,
        coverages=summary.COVERAGES,
        datasets=[_dataset(name, run, tables, figures) for name in sorted(found)],
        without=[name for name in asked if name not in found],
        lpips_reason=None if has_lpips else why_absent(params.active.evaluation.lpips),
        strips={name: _strips(folder) for name, folder in run.pictures.items()},
    )


def _dataset(name: str, run: BlindRun, tables: Mapping[str, pa.Table], figures: Path) -> BlindDataset:
    rows = {key: [row for row in table.to_pylist() if row["dataset"] == name] for key, table in tables.items()}
    means, pairs = ([row for row in rows[key] if not row["is_real"]] for key in ("blind", "blind_pairs"))
    variants = list(dict.fromkeys(row["variant"] for row in means))
    return BlindDataset(
        name=name,
        means={variant: [row for row in means if row["variant"] == variant and row["system"] != UNTOUCHED] for variant in variants},
        untouched=next((row for row in means if row["system"] == UNTOUCHED), None),
        real=[row for row in rows["blind"] if row["is_real"] and row["system"] in (TRUE_MASK, BLIND, CAUTIOUS)],
        pairs=_by_metric(pairs),
        risks=_by_coverage(rows["blind_risk"]),
        reasons=rows["blind_reasons"],
        detected=rows["blind_detection"],
        thresholds=rows["blind_thresholds"],
        says={
            "means": blind_words.of_means(means, LABELS) if means else "",
            "pairs": blind_words.of_pairs(pairs, variants),
            "risks": blind_words.of_risks(rows["blind_risk"]),
            "reasons": blind_words.of_reasons(rows["blind_reasons"]),
            "detected": blind_words.of_detection(rows["blind_detection"]),
            "thresholds": blind_words.of_thresholds(rows["blind_thresholds"]),
        },
        drawings=_drawings(name, run, tables, figures),
    )


def _by_metric(pairs: list[Row]) -> list[dict[str, Row]]:
    found: dict[tuple[str, ...], dict[str, Row]] = {}
    for row in pairs:
        ends = {f"difference_{end}": float("nan") if row[end] is None else row[end] for end in ("low", "high")}
        found.setdefault(tuple(row[key] for key in ("variant", "system", "reference_variant", "reference")), {})[row["metric"]] = row | ends
    return list(found.values())


def _by_coverage(risks: list[Row]) -> list[Row]:
    found: dict[tuple, Row] = {}
    for row in risks:
        own = found.setdefault((row["variant"], row["system"], row["is_real"]), row | {"rates": {}})
        own["rates"][row["coverage"]] = row["harm_rate"]
    return list(found.values())


def _drawings(dataset: str, run: BlindRun, tables: Mapping[str, pa.Table], figures: Path) -> list[Drawing]:
    judged = {name: _composites(table, dataset) for name, table in run.judged.items()}
    judged = {name: rows for name, rows in judged.items() if len(rows)}
    detected, curves = (_of(tables[name], dataset) for name in ("blind_detection", "blind_psychometric"))
    detected = detected[detected["kind"] == ANY]
    drawn: list[tuple[str, str, str, Figure | None]] = []
    for name, rows in judged.items():
        beyond = "The outermost bins hold what lies beyond."
        says = f"Where the two lines lie on each other, the mask that was found serves as well as the true one. {beyond}"
        drawn.append((f"distributions_{name}", f"{name}: scores without a mask and with the true one", says, distributions_figure(rows)))
        says = f"Left of zero (PSNR: right of it) are the pictures that are better without the true mask. {beyond}"
        drawn.append((f"differences_{name}", f"{name}: without a mask minus with the true one", says, differences_figure(rows)))
    if len(curves):
        says = "A detector that sees what people see follows the dotted line."
        drawn.append(("psychometric", "How likely an offset is detected", says, psychometric_figure(curves)))
    if len(detected):
        says = "Below the dotted line a detector is too sure, above it not sure enough."
        drawn.append(("calibration", "What a probability of the detector means", says, calibration_figure(detected)))
    if judged:
        says = "Where a line falls to the left, the confidence knows which pictures are better left alone."
        drawn.append(("risk", "Harm by the share of pictures that is changed", says, risk_figure(judged)))
    found = []
    for name, title, caption, figure in drawn:
        if figure is not None:
            write_png(figure, figures / f"blind_{dataset}_{name}.png")
            found.append(Drawing(title, caption, svg_of(figure)))
    return found


def _of(table: pa.Table, dataset: str) -> pd.DataFrame:
    frame = table.to_pandas()
    return frame[frame["dataset"] == dataset]


def _composites(table: pa.Table, dataset: str) -> pd.DataFrame:
    frame = _of(table, dataset)
    return frame[~frame["is_real"].astype(bool)].sort_values(["image_id", "sample_id"], kind="stable")


def _strips(folder: Path) -> list[Strip]:
    """The strips of a variant by their kind and name, as JPEG; none without the folder."""
    found = []
    for kind, caption in STRIPS.items():
        for path in sorted(folder.glob(f"{kind}*.png")):
            jpeg = encode_jpeg(decode_png(path.read_bytes(), name=str(path)), quality=QUALITY)
            found.append(Strip(path.stem, caption, data_uri("jpeg", jpeg)))
    return found
