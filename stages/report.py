"""Stage ``report``: all scores, histories, opinions and data -> reports/: tables, metrics, plots, figures and the page."""

import pyarrow as pa

from imharmony.running.progress import track
from imharmony.storage.tables import write_table
from pipeline.params.file import load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import REPORTS, Layout
from reporting.comparisons import report_sections
from reporting.distributions import distributions_of
from reporting.dvc_views import write_metrics, write_plots
from reporting.figures import losses_figure, svg_of, validation_figure, write_png
from reporting.intrinsic import intrinsic_section
from reporting.leaders import leaders_of
from reporting.methods import loaded_methods
from reporting.opinions import opinion_studies, read_opinions
from reporting.page import Choices, write_page
from reporting.results import headline_frame, read_histories, read_scores
from reporting.sections import section_of
from reporting.statistics import statistics_of
from reporting.training import training_of

FIGURES = REPORTS / "figures"


def main() -> None:
    """Reads what the parameters name and writes the whole report."""
    params = load_params()
    layout = Layout(params.profile)
    scores, histories = read_scores(params, layout), read_histories(params, layout)
    opinions = read_opinions(params.studies)
    statistics = statistics_of(scores, bootstrap=params.active.evaluation.bootstrap, workers=params.machine.processes)
    frame, headline = statistics["summary"].to_pandas(), headline_frame(statistics["summary"])
    for name, table in ({"scores": scores, **statistics} | ({"opinions": opinions} if params.studies else {})).items():
        write_table(REPORTS / "tables" / f"{name}.parquet", table)
    methods = loaded_methods(params, layout, device=device_of(params))
    write_metrics(headline)
    write_plots(histories, scores, methods, params=params, layout=layout)
    sections = [
        section_of(dataset, params=params, layout=layout, scores=scores, headline=headline, methods=methods, figures=FIGURES)
        for dataset in track(params.datasets, total=len(params.datasets), what="report", unit="data sets")
    ]
    reports = report_sections(params=params, layout=layout, scores=scores, summary=frame, methods=methods, figures=FIGURES)
    curves = {}
    if histories:
        figures = {"validation": validation_figure(histories), "losses": losses_figure(histories)}
        for name, figure in figures.items():
            write_png(figure, FIGURES / f"{name}.png")
        curves = {
            "Error on the validation photographs by epoch; left on a logarithmic scale": svg_of(figures["validation"]),
            "Training losses by epoch, each on its own scale": svg_of(figures["losses"]),
        }
    write_page(
        REPORTS / "index.html",
        params=params,
        summary=frame,
        sections=sections,
        reports=reports,
        opinions=opinion_studies(opinions),
        intrinsic=intrinsic_section(params, layout),
        curves=curves,
        choices=Choices(
            leaders_of(statistics["standings"].to_pandas(), statistics["pairs"].to_pandas()),
            distributions_of(scores),
            training_of(histories),
        ),
        facts=_facts(scores),
    )


def _facts(scores: pa.Table) -> dict[str, str]:
    """Where the scores came from, as their own columns say."""
    pairs = sorted(set(zip(scores["dataset"].to_pylist(), scores["data_hash"].to_pylist(), strict=True)))
    return {**{f"data hash, {dataset}": value for dataset, value in pairs}}


if __name__ == "__main__":
    run_stage(main, __doc__, {})
