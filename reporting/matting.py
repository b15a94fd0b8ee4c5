"""The report's part on matting and what is harmonized by it, after report 004: what ``evaluate_matting`` and ``compose_portraits`` left."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

import pyarrow as pa

from imharmony.matting import summary
from imharmony.matting.closed_form import reason_without
from imharmony.matting.composing import COMPOSED, order_of
from imharmony.matting.harmonized import HARMONIZED
from imharmony.matting.joint import HISTORY
from imharmony.matting.judging import JUDGED
from imharmony.pictures.images import decode_png, encode_jpeg
from imharmony.storage.shards import Row
from imharmony.storage.tables import read_typed
from pipeline.params.file import Params
from pipeline.steps.matting import XUE
from pipeline.steps.paths import Places
from reporting import matting_words
from reporting.figures import Drawing, svg_of, write_png
from reporting.gallery import data_uri
from reporting.matting_figures import accuracy_figure, bands_figure, drift_figure, lambda_figure
from reporting.matting_roles import roles_of, same_but
from reporting.pictures import QUALITY
from reporting.printed_mattes import CHANGES, JOINT, printed, printed_of_lambda

METRICS = ("mse", "sad", "grad", "conn")  # as report 004 has them
DIGITS = {"mse": 4, "sad": 3, "grad": 3, "conn": 3, "mad": 4}
HEADLINE = ("unknown", "native")  # the region and size that the report's numbers fit


class MattingRun(NamedTuple):
    """Rows of ``JUDGED``, ``HARMONIZED`` and ``COMPOSED`` of all data sets, each system's ``HISTORY``, and folders of pictures."""

    judged: pa.Table
    harmonized: pa.Table
    composed: pa.Table
    histories: dict[str, pa.Table]
    strips: dict[str, Path]
    composed_strips: dict[str, Path]


@dataclass(frozen=True)
class Strip:
    """A row of pictures."""

    name: str
    uri: str


@dataclass(frozen=True)
class MattingDataset:
    """One data set of the section."""

    name: str
    portraits: int
    mattes: list[Row]  # of the headline's region and size: method, role, and by metric `cells` and `printed`
    others: list[Row]  # the same of other regions and sizes
    claims: list[Row]  # paired differences; by metric `cells` and `printed`
    lambdas: list[Row]  # table 2: lambda, system, `cells` and `printed`
    bands: list[Row]
    harmonized: list[Row]  # system, by measure `cells`
    changes: list[Row]  # the same, minus the twin's
    looks: list[Row]  # of portraits before new backgrounds: method, mean lightness and distance
    says: dict[str, str]
    drawings: list[Drawing]
    columns: list[str]  # what a strip of mattes shows
    strips: list[Strip]
    composed_columns: list[str]
    composed_strips: list[Strip]


@dataclass(frozen=True)
class MattingSection:
    """What the page says of matting."""

    datasets: list[MattingDataset]
    digits: Mapping[str, int]
    metrics: Sequence[str]
    without_closed_form: str | None


def read_matting(params: Params, places: Places) -> MattingRun:
    """Reads what was left of each data set of ``trimaps`` and each entry of ``joint``."""

    def read(part: str, file: str, schema: pa.Schema, filled: list[str]) -> pa.Table:
        tables = [read_typed(places.mattes(name, part) / f"{file}.parquet", schema, filled=filled) for name in params.trimaps]
        return pa.concat_tables([schema.empty_table(), *tables])

    known = ["dataset", "sample_id", "image_id"]
    return MattingRun(
        judged=read("judged", "mattes", JUDGED, [*known, "method"]),
        harmonized=read("judged", "harmonized", HARMONIZED, [*known, "system", "mse"]),
        composed=read("composed", "composed", COMPOSED, [*known, "method"]),
        histories={name: read_typed(places.joint(name) / "history.parquet", HISTORY, filled=["step"]) for name in params.joint},
        strips={name: places.mattes(name, "judged") / "pictures" for name in params.trimaps},
        composed_strips={name: places.mattes(name, "composed") / "strips" for name in params.trimaps},
    )


def matting_tables(params: Params, run: MattingRun, *, bootstrap: int) -> dict[str, pa.Table]:
    """The tables of ``reports/tables/`` by their names; none where no portrait is cut out."""
    if not run.judged.num_rows:
        return {}
    of_mattes, of_systems = matting_words.compared(params)
    return {
        "matting": summary.matte_means(run.judged, bootstrap=bootstrap),
        "matting_pairs": summary.matte_pairs(run.judged, of_mattes, bootstrap=bootstrap),
        "matting_bands": summary.matte_bands(run.judged, bootstrap=bootstrap),
        "matting_harmonized": summary.harmonized_means(run.harmonized, bootstrap=bootstrap),
        "matting_harmonized_pairs": summary.harmonized_pairs(run.harmonized, of_systems, bootstrap=bootstrap),
        "matting_composed": run.composed,
    }


def matting_section(params: Params, run: MattingRun, tables: Mapping[str, pa.Table], *, figures: Path) -> MattingSection | None:
    """The section, from the tables of ``matting_tables``; None where there are none. Figures are written as PNG too."""
    if not tables:
        return None
    names = list(dict.fromkeys(tables["matting"]["dataset"].to_pylist()))
    return MattingSection([_dataset(params, name, run, tables, figures) for name in names], DIGITS, METRICS, reason_without())


def _dataset(params: Params, name: str, run: MattingRun, tables: Mapping[str, pa.Table], figures: Path) -> MattingDataset:
    rows = {key: [row for row in table.to_pylist() if row["dataset"] == name] for key, table in tables.items()}
    mattes = _by(rows["matting"], ("method", "region", "size"), "metric")
    roles = roles_of(params)
    for row in mattes:
        row["role"] = roles.get(row["method"], "")
        row["printed"] = {metric: printed(row["role"], metric) for metric in METRICS}
    claims = [row for row in _by(rows["matting_pairs"], ("method", "reference", "region", "size"), "metric") if _is_headline(row)]
    for row in claims:
        row["printed"] = CHANGES if roles.get(row["method"]) == JOINT else {}
    shown = list(dict.fromkeys(row["method"] for row in mattes))
    systems = [each for each in params.joint if each in shown]
    changes = _by(rows["matting_harmonized_pairs"], ("system", "reference"), "measure")
    return MattingDataset(
        name=name,
        portraits=rows["matting"][0]["n_portraits"],
        mattes=[row for row in mattes if _is_headline(row)],
        others=[row for row in mattes if not _is_headline(row)],
        claims=claims,
        lambdas=_lambdas(params, [row for row in mattes if _is_headline(row)]),
        bands=rows["matting_bands"],
        harmonized=_by(rows["matting_harmonized"], ("system",), "measure"),
        changes=changes,
        looks=_looks(rows["matting_composed"]),
        says=matting_words.of_dataset(params, claims, rows["matting_bands"], changes),
        drawings=_drawings(params, name, run, rows, figures),
        columns=["photograph", "trimap", *shown, "true alpha"],
        strips=_strips(run.strips[name]),
        composed_columns=["photograph", "new background", *order_of(systems, [XUE, *params.harmonizing(name)])],
        composed_strips=_strips(run.composed_strips[name]),
    )


def _is_headline(row: Row) -> bool:
    return (row["region"], row["size"]) == HEADLINE


def _by(rows: Sequence[Row], keys: tuple[str, ...], column: str) -> list[Row]:
    """Rows that agree in ``keys`` as one, with ``cells`` by ``column``."""
    found: dict[tuple, Row] = {}
    for row in rows:
        own = found.setdefault(tuple(row[key] for key in keys), {key: row[key] for key in keys} | {"cells": {}})
        own["cells"][row[column]] = (
            row
            | {f"difference_{end}": float("nan") if row[end] is None else row[end] for end in ("low", "high")}
            | {"n_photographs": row["n_portraits"]}
        )
    return list(found.values())


def _lambdas(params: Params, mattes: Sequence[Row]) -> list[Row]:
    """Report 004's table 2: systems that differ in the first lambda alone; none where there are no two."""
    found = {row["method"]: row for row in mattes}
    rows = []
    for value, name in same_but(params, "lambda_matting").items():
        if name in found:
            told = {metric: printed_of_lambda(value, metric) for metric in METRICS}
            rows.append({"lambda": value, "method": name, "cells": found[name]["cells"], "printed": told})
    return rows if len(rows) > 1 else []


def _looks(composed: Sequence[Row]) -> list[Row]:
    """Mean lightness of new backgrounds and their distance from the person's colour, by method; what is unknown counts nowhere."""
    found: dict[str, list[Row]] = {}
    for row in composed:
        found.setdefault(row["method"], []).append(row)
    return [
        {"method": method, "n": len(rows)} | {key: _mean([row[key] for row in rows]) for key in ("lightness", "distance")}
        for method, rows in found.items()
    ]


def _mean(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return sum(known) / len(known) if known else None


def _drawings(params: Params, dataset: str, run: MattingRun, rows: Mapping[str, list[Row]], figures: Path) -> list[Drawing]:
    told = {name: table.to_pandas() for name, table in run.histories.items() if table.num_rows - table["critic"].null_count > 1}
    kept = {name: frame for name, frame in told.items() if params.joint_dataset(name) == dataset}
    drawn = [
        (
            "bands",
            "Soft and hard mattes around the edge",
            "Left is better. A hard mask's best is the true matte cut at a half.",
            bands_figure(rows["matting_bands"]),
        ),
    ]
    lambdas = same_but(params, "lambda_harmonizer")
    if len(lambdas) > 1:
        says = "Below zero the background became darker, or came nearer to the person's colour. The values of lambda are ours."
        drawn.append(
            ("lambda", "What a larger second lambda does to the background", says, lambda_figure(lambdas, rows["matting_harmonized"]))
        )
    for name, frame in kept.items():
        says = "At a half the critic does not tell them apart. What it tells of I_c are traces of the plate around the person."
        drawn.append((f"accuracy_{name}", f"{name}: how well the critic tells each kind of fake", says, accuracy_figure(frame)))
    if kept:
        says = "Where nothing holds the level of its scores, as in the printed sum of three fakes, a critic's scores drift."
        drawn.append(("drift", "The critic's mean score of photographs", says, drift_figure(kept)))
    found = []
    for name, title, caption, figure in drawn:
        write_png(figure, figures / f"matting_{dataset}_{name}.png")
        found.append(Drawing(title, caption, svg_of(figure)))
    return found


def _strips(folder: Path) -> list[Strip]:
    """The strips of a folder by their names, as JPEG; none without the folder."""
    return [
        Strip(path.stem, data_uri("jpeg", encode_jpeg(decode_png(path.read_bytes(), name=str(path)), quality=QUALITY)))
        for path in sorted(folder.glob("*.png"))
    ]
