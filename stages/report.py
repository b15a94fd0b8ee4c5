"""Stage ``report``: all scores, histories, opinions and data -> reports/: tables, metrics, plots, figures and the page."""

import logging
from collections.abc import Callable
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory

import pandas as pd
import pyarrow as pa

from imharmony.evaluation.control_summary import summarise_methods
from imharmony.evaluation.score_sets import Scores
from imharmony.storage.tables import write_table
from pipeline.params.file import Params, load_params
from pipeline.steps.device import device_of
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import REPORTS, Places
from pipeline.steps.studies import read_opinions
from pipeline.steps.work_folders import work_folder
from reporting.blind import read_blind
from reporting.choice import means_of, validation_table
from reporting.clips import clip_section, clip_tables, read_clips
from reporting.comparisons import report_sections
from reporting.controls import backgroundless_variants, control_sections
from reporting.distributions import distributions_of
from reporting.drawn_sections import Drawn, Job, drawn_beside
from reporting.dvc_views import write_clip_metrics, write_matting_metrics, write_metrics, write_plots
from reporting.intrinsic import intrinsic_section
from reporting.last_words import last_words
from reporting.leaders import leaders_of, shown_pairs
from reporting.matting import matting_tables, read_matting
from reporting.methods import methods_by_name
from reporting.opinions import opinion_studies
from reporting.overview import overview_of
from reporting.page import Choices, write_page
from reporting.pictures import kept_pictures
from reporting.realism import realism_of
from reporting.results import (
    headline_frame,
    methods_of,
    read_controls,
    read_histories,
    read_scores,
    read_validation,
    rivals_of,
    write_scores,
)
from reporting.run_facts import RUN, write_run
from reporting.sections import section_of
from reporting.statistics import statistics_of
from reporting.training import curves_of, ends_of, training_of

FIGURES = REPORTS / "figures"

log = logging.getLogger(__name__)


def main() -> None:
    """Reads what the parameters name and writes the whole report."""
    params = load_params()
    places = Places(params.profile)
    with TemporaryDirectory(dir=work_folder("report", places.fingerprint("statistics"), "scores")) as folder:
        scores, histories = read_scores(params, places, Path(folder)), read_histories(params, places)
        unmasked, cut_out = read_blind(params, places), read_matting(params, places)
        mattes = matting_tables(params, cut_out, bootstrap=params.active.evaluation.bootstrap)
        job = Job(params, unmasked, cut_out, mattes, curves_of(histories), FIGURES)
        with drawn_beside(job, workers=params.machine.processes) as drawn:
            _write_report(params, places, scores, histories, mattes, drawn)


def _write_report(
    params: Params,
    places: Places,
    scores: Scores,
    histories: dict[str, pd.DataFrame],
    mattes: dict[str, pa.Table],
    drawn: Callable[[], Drawn],
) -> None:
    opinions, validation = read_opinions(params.studies), validation_table(read_validation(params, places))
    methods_named, rivals = [name for name, _ in methods_of(params)], rivals_of(params)
    means = means_of(validation, rivals)
    statistics = statistics_of(
        scores,
        bootstrap=params.active.evaluation.bootstrap,
        workers=params.machine.processes,
        code=places.fingerprint("statistics"),
    )
    controls = summarise_methods(partial(read_controls, params, places), bootstrap=params.active.evaluation.bootstrap)
    frame, headline = statistics["summary"].to_pandas(), headline_frame(statistics["summary"])
    more = ({"opinions": opinions} if params.studies else {}) | ({"realism": realism_of(params, places)} if params.judges else {})
    filmed = read_clips(params, places)
    clips = clip_tables(params, filmed, bootstrap=params.active.evaluation.bootstrap)
    write_scores(REPORTS / "tables" / "scores.parquet", params, places)
    methods = methods_by_name(params, places, device=device_of(params))
    pictures = kept_pictures(params, places, methods)
    write_metrics(headline)
    write_matting_metrics(mattes)
    write_clip_metrics(clips)
    write_plots(histories, scores, pictures, params=params)
    sections = [
        section_of(name, params=params, places=places, scores=scores, headline=headline, means=means, pictures=pictures, figures=FIGURES)
        for name in params.scored
    ]
    reports = report_sections(params=params, scores=scores, summary=frame, methods=methods, pictures=pictures, figures=FIGURES)
    made = drawn()
    own = {"validation": validation, "controls": controls, **statistics}
    for name, table in (own | more | made.blind_tables | mattes | clips).items():
        write_table(REPORTS / "tables" / f"{name}.parquet", table)
    write_page(
        REPORTS / "index.html",
        params=params,
        summary=frame,
        overview=overview_of(headline, means, methods_named, params.scored, trained=list(params.variants), rivals=rivals),
        sections=sections,
        controls=control_sections(
            controls, headline, statistics["pairs"].to_pandas(), means, params.scored, backgroundless=backgroundless_variants(params)
        ),
        reports=reports,
        opinions=opinion_studies(opinions),
        intrinsic=intrinsic_section(params, places),
        realism=more["realism"].to_pylist() if params.judges else [],
        blind=made.blind,
        matting=made.matting,
        clips=clip_section(params, filmed, clips),
        ends=ends_of(histories),
        curves=made.training,
        choices=Choices(
            leaders_of(statistics["standings"].to_pandas(), shown_pairs(statistics["pairs"]), means),
            distributions_of(scores),
            training_of(histories),
        ),
        facts={f"data hash, {dataset}": value for dataset, value in sorted(scores.data_hashes)},
    )
    write_run(REPORTS / RUN)
    for line in last_words(headline, means, list(params.variants)):
        log.info(line)


if __name__ == "__main__":
    run_stage(main, __doc__, {})
