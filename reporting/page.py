"""``reports/index.html``: one file that needs nothing else, from the tables and pictures of a run."""

from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

import jinja2
import numpy as np
import pandas as pd
import torch
from pydantic import BaseModel
from ruamel.yaml import YAML
from ruamel.yaml.compat import StringIO

from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.buckets import LEAST_PHOTOGRAPHS, in_order
from imharmony.evaluation.control_summary import VISIBLE
from imharmony.evaluation.convention_words import WORDS
from imharmony.evaluation.conventions import CONVENTIONS, COUNTED, HEADLINE, PEAKS
from imharmony.evaluation.intervals import CONFIDENCE
from imharmony.evaluation.measures import MEASURES
from imharmony.storage.files import write_text
from imharmony.storage.shards import Row
from pipeline.params.file import Params
from pipeline.params.mixtures import Mixture, words_of
from pipeline.params.training import COMPOSITE, INTRINSIC, Variant
from reporting.blind import BlindSection
from reporting.claims import sentence
from reporting.clips import ClipSection
from reporting.controls import ControlSection
from reporting.distributions import MOST_IMAGES, QUANTILES
from reporting.embedding import plotting_library
from reporting.gallery import Case, Example
from reporting.intrinsic import IntrinsicSection
from reporting.lpips_reason import lpips_reason
from reporting.matting import MattingSection
from reporting.opinions import OpinionStudy
from reporting.overview import Overview
from reporting.page_numbers import FILTERS
from reporting.published_models import published_models
from reporting.published_scores import read_published
from reporting.results import methods_of, published_forms
from reporting.training import TrainingEnd

if TYPE_CHECKING:
    from reporting.comparisons import ReportSection

TEMPLATES = Path(__file__).with_name("templates")
Item = TypeVar("Item")


@dataclass(frozen=True)
class Card:
    """What a data set holds."""

    splits: list[dict[str, object]]  # split, composites, photographs
    directions: list[str]  # which part of a picture was changed: foreground, background, photograph
    transfers: dict[str, int]
    categories: dict[str, int]
    delta_e: float  # mean CIEDE2000 in the mask
    kept: int
    dropped: dict[str, int]
    ratios_svg: str


@dataclass(frozen=True)
class Section:
    """One data set on the page."""

    name: str
    card: Card
    gains_svg: str
    judged: str | None  # the method by which the gallery is chosen
    best: list[Case]
    worst: list[Case]
    example: Example | None  # of the chosen method, for the head of the page


@dataclass(frozen=True)
class Choices:
    """What the page's scripts show when the reader chooses, as the functions of these names' modules make it."""

    leaders: dict[str, dict]
    distributions: dict[str, dict]
    training: dict[str, dict]


def write_page(
    path: Path,
    *,
    params: Params,
    summary: pd.DataFrame,
    overview: Overview,
    sections: list[Section],
    controls: Mapping[str, ControlSection],
    reports: "Mapping[str, ReportSection]",
    opinions: list[OpinionStudy],
    intrinsic: IntrinsicSection | None,
    realism: list[Row],
    blind: BlindSection | None,
    matting: MattingSection | None,
    clips: ClipSection | None,
    ends: list[TrainingEnd],
    curves: dict[str, str],
    choices: Choices,
    facts: Mapping[str, object],
) -> None:
    """Renders the page. ``summary`` is ``tables/summary.parquet``; ``controls`` are by data set; ``curves`` are SVGs by
    their description; ``facts`` say where from.
    """
    apart = published_forms(params)
    text = (
        environment()
        .get_template("index.html.j2")
        .render(
            profile=params.profile,
            size_px=params.active.evaluation.size_px,
            bootstrap=params.active.evaluation.bootstrap,
            confidence=CONFIDENCE,
            least_photographs=LEAST_PHOTOGRAPHS,
            reference=REFERENCE,
            sentence=sentence,
            overview=overview,
            overview_order=apart_last(overview.methods, apart),
            sections=[
                {"data": section, "controls": controls[section.name], **_tables(summary[summary["dataset"] == section.name], params)}
                for section in sections
            ],
            visible=VISIBLE,
            opinions=opinions,
            intrinsic=intrinsic,
            realism=realism,
            blind=blind,
            matting=matting,
            clips=clips,
            methods=[name for name, _ in methods_of(params)],
            conventions=CONVENTIONS,
            convention_notes={name: words.note for name, words in WORDS.items()},
            published=read_published(),
            reports=reports,
            anchors={*params.scored, *(path.name.removesuffix(".html.j2") for path in TEMPLATES.glob("*.html.j2"))}
            - _absent(blind=blind, clips=clips, intrinsic=intrinsic, matting=matting, opinions=opinions, realism=realism),
            peaks={column: column.removeprefix("psnr_") for column in PEAKS},
            higher_is_better={column: measure.rises for column, measure in MEASURES.items()},
            lpips_reason=lpips_reason(params, summary),
            variants={name: described(params.drawn[name], params) for name in apart_last(params.drawn, apart)},
            outside=params.imported,
            published_models=published_models(params),
            seeds=params.seeds,
            training=params.active.training.model_dump(),
            apart=apart,
            ends=apart_last(ends, apart, name=lambda end: end.variant),
            curves=curves,
            choices=choices,
            words=words_of_measures(),
            quantiles=QUANTILES,
            most_images=MOST_IMAGES,
            plotting_library=plotting_library(),
            facts={**facts, "torch": torch.__version__.partition("+")[0]},
            parameters=_yaml(_settings(params)),
        )
    )
    write_text(path, text)


def environment() -> jinja2.Environment:
    """What renders the templates: a name that they lack is an error."""
    made = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=True, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    made.filters.update(FILTERS)
    return made


def _absent(**parts: object) -> set[str]:
    """The parts of the page that this run has nothing for."""
    return {name for name, part in parts.items() if not part}


def apart_last(items: Iterable[Item], apart: Collection[str], *, name: Callable[[Item], object] = lambda item: item) -> list[Item]:
    """The items in their order, but for those that the tables show apart, which follow in theirs."""
    return sorted(items, key=lambda item: name(item) in apart)


def words_of_measures() -> dict[str, dict]:
    """How plots and tables name a measure: name, unit, decimals, and whether more is better."""
    return {
        column: {"name": measure.name, "unit": measure.unit, "digits": measure.digits, "rises": measure.rises}
        for column, measure in COUNTED.items()
    }


def described(variant: Variant, params: Params) -> dict[str, str]:
    """A variant in the words of the methods' table: what it is, and on what and how long the active profile trains it."""
    generator, critic, objective = variant.generator, variant.discriminator, variant.adversarial
    mixture, regime = params.trained_on(variant.dataset), params.active.training.regime_of(variant)
    length = f"{regime.epochs:,} epoch{'s' if regime.epochs > 1 else ''}"
    batches = f"batch {regime.batch_size}, {' + '.join(regime.augment) or 'as they are'}"
    if variant.points:  # batches of its own, in which no picture is cropped or flipped
        batches = f"{variant.points.steps} steps each, batch {variant.points.batch_size}, points of the regions"
    field = f", {critic.field_px} px" if critic and critic.field_px else ""
    begins = ", begins at the composite" if generator.start == "composite" else ""
    begins += f", goes on from {variant.start}" if variant.start else ""
    inference = "" if generator.inference_mode == "eval" else ", batch statistics and dropout at inference"
    return {
        "network": f"{generator.name}, width {generator.width}{inference}{begins}",
        "given": "the composite" if variant.input == COMPOSITE else "it semi-harmonized",
        "mask": "yes" if generator.mask_input else "no",
        "critic": "none" if critic is None else critic.name + field,
        "objective": " + ".join(
            [f"{weight:g} {name}" for name, weight in variant.losses.items()]
            + ([f"{objective.weight:g} {objective.name}"] if objective else [])
        ),
        "trained on": _learned_from(mixture, variant.dataset),
        "for": f"{length}, {batches}",
    }


def _learned_from(mixture: Mixture, named: Mixture) -> str:
    if mixture == named:
        return words_of(mixture)
    stands = "which stands" if isinstance(mixture, str) else "which stand"
    return f"{words_of(mixture)}, {stands} in for {words_of(named)}"


def _tables(summary: pd.DataFrame, params: Params) -> dict[str, object]:
    cells = {
        (row["method"], row["background"], row["quantisation"], row["bucket"], row["metric"]): row
        for row in summary.to_dict(orient="records")
    }

    def cell(
        method: str, metric: str, bucket: str = "all", background: str = HEADLINE.background, quantisation: str = HEADLINE.quantisation
    ) -> dict | None:
        return cells.get((method, background, quantisation, bucket, metric))

    lowest_first = sorted((name for name, _ in methods_of(params)), key=lambda method: (_mean_of(cell(method, "fmse")), method))
    order = apart_last(lowest_first, published_forms(params))
    buckets = [bucket for bucket in in_order(summary["bucket"].unique()) if cell(REFERENCE, "fmse", bucket)]
    worth = {
        method: _spread([cell(method, one.psnr, "all", one.background, one.quantisation) for one in CONVENTIONS.values()])
        for method in order
    }
    return {
        "cell": cell,
        "order": order,
        "kinds": {method: _kind(method, params) for method in order},
        "buckets": buckets,
        "infinite": max((int(row["n_infinite"]) for row in cells.values()), default=0),
        "worth": worth,
    }


def _kind(method: str, params: Params) -> str:
    if method == REFERENCE:
        return "the composite"
    if method == INTRINSIC:
        return "preprocessing"
    if method in params.imported:
        return "from outside"
    if method in params.published:
        return "published model"
    variant = params.drawn.get(method)
    if variant is None:
        return "baseline"
    return "control" if variant.form == "control" else "trained"


def _mean_of(row: dict | None) -> float:
    return float("inf") if row is None or pd.isna(row["mean"]) else row["mean"]


def _spread(rows: list[dict | None]) -> float:
    """Highest minus lowest mean; NaN where one is not known, as of a table from elsewhere, which has one convention."""
    means = [float("nan") if row is None else row["mean"] for row in rows]
    return float(np.ptp(means)) if means else float("nan")


def _settings(params: Params) -> dict[str, object]:
    others = {"outside": params.imported, "published": params.published}
    return {"variants": params.drawn, **others, f"profiles.{params.profile}": params.active}


def _yaml(tree: dict[str, object]) -> str:
    writer, buffer = YAML(typ="safe", pure=True), StringIO()
    writer.default_flow_style = None
    writer.width = 120
    writer.dump({name: _plain(item) for name, item in tree.items()}, buffer)
    return buffer.getvalue()


def _plain(item: object) -> object:
    if isinstance(item, dict):
        return {name: _plain(value) for name, value in item.items()}
    return item.model_dump(mode="json") if isinstance(item, BaseModel) else item
