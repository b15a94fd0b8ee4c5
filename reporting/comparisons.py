"""The report's part on the five reports: tables side by side, the figures that take the place of theirs, and enlarged details."""

from dataclasses import dataclass
from pathlib import Path

import pandas as pd

from imharmony.baselines.identity import identity
from imharmony.evaluation.score_sets import Scores
from imharmony.evaluation.summary import REFERENCE
from imharmony.storage.tables import write_table
from pipeline.params.file import Params
from pipeline.steps.paths import REPORTS
from reporting.edge_details import Detail, detail_of, details_figure
from reporting.figures import write_png
from reporting.lpips_reason import lpips_reason
from reporting.methods import Method
from reporting.pictures import Pictures
from reporting.published_scores import read_published
from reporting.report_000 import as_its_code_counts
from reporting.results import methods_of
from reporting.side_by_side import Comparison, Measured, compare, means_of, singles_of, table_of
from reporting.side_by_side_file import REPORT_000_CODE, DescribedReport, DescribedTable, published_rows, read_described
from reporting.typical import typical


@dataclass(frozen=True)
class ReportSection:
    """One of the five reports on the page."""

    described: DescribedReport
    comparisons: list[Comparison]
    details: list[Detail]
    details_on: str | None  # the data set whose pictures they are


@dataclass(frozen=True)
class Run:
    """What a run offers to be shown."""

    methods: dict[str, Method]  # the reference among them
    pictures: Pictures
    typical: dict[str, list[str]]  # test pictures that stand for a data set


def report_sections(
    *, params: Params, scores: Scores, summary: pd.DataFrame, methods: dict[str, Method], pictures: Pictures, figures: Path
) -> dict[str, ReportSection]:
    """The five reports by number; also writes ``tables/side_by_side.parquet`` and the details as PNG."""
    published = read_published()
    reports, systems = read_described(published), published_rows(published)
    run = Run({REFERENCE: Method(identity), **methods}, pictures, {name: typical(scores, name) for name in params.scored})
    report_000 = {}
    for table in (table for report in reports.values() for table in report.tables if table.convention == REPORT_000_CODE):
        report_000 |= _as_report_000_counts(table, run)
    measured = Measured(
        datasets=params.scored,
        pasting={*params.baselines, *(name for name, variant in params.drawn.items() if variant.generator.paste)} - {REFERENCE},
        means=means_of(summary),
        pictures=run.typical,
        singles=singles_of(scores, run.typical, {name: seeds[0] for name, seeds in methods_of(params)}),
        report_000=report_000,
        lpips_reason=lpips_reason(params, summary),
    )
    comparisons = {number: [compare(table, systems, measured) for table in report.tables] for number, report in reports.items()}
    write_table(REPORTS / "tables" / "side_by_side.parquet", table_of(comparisons))
    sections = {}
    for number, report in reports.items():
        dataset, details = _details(report, run)
        if details:
            write_png(details_figure(details), figures / f"details_{number}.png")
        sections[number] = ReportSection(report, comparisons[number], details, dataset)
    return sections


def _as_report_000_counts(table: DescribedTable, run: Run) -> dict[tuple[str, str], dict[str, float]]:
    methods = {name: run.methods[name] for row in table.rows for name in row.methods if name in run.methods}
    return as_its_code_counts(run.pictures, methods, {name: run.typical[name] for name in table.datasets if name in run.typical})


def _details(report: DescribedReport, run: Run) -> tuple[str | None, list[Detail]]:
    """The data set and the details of a report that has some, if this run has what they are of."""
    wanted = report.details
    dataset = None if wanted is None else next((name for name in wanted.datasets if name in run.typical), None)
    if wanted is None or dataset is None:
        return None, []
    methods, details = [name for name in wanted.methods if name in run.methods], []
    for sample_id in run.typical[dataset]:
        outputs = {name: run.pictures.picture(name, dataset, sample_id) for name in methods}
        details.append(detail_of(run.pictures.split(dataset), sample_id, outputs))
    return dataset, details
