"""The files of the model that comes with the package, from a finished run of the workspace starter/.

``model.safetensors`` is the run's own checkpoint and ``model.onnx`` the same network for onnxruntime; ``photographs.csv`` lists every
photograph that it was trained or validated on, with what an attribution asks for; ``model_card.md`` says what the model is and how it
scored. ``scored_on.csv`` stays in the workspace.
"""

import csv
from collections.abc import Mapping, Sequence
from importlib.resources import files
from pathlib import Path
from typing import Any

import jinja2
import pandas as pd
import pyarrow as pa

import reporting
from imharmony.checkpoint import load_harmonizer
from imharmony.errors import InputError
from imharmony.evaluation.blocks import REFERENCE
from imharmony.evaluation.conventions import rows_of
from imharmony.harmonizing.detectors import PACKAGED
from imharmony.harmonizing.models import PORTABLE
from imharmony.storage.files import sha256_of, write_bytes, write_text
from imharmony.storage.tables import read_table, write_csv
from pipeline.params.file import Params, load_params
from pipeline.params.mixtures import JOINS, names_in
from pipeline.steps.paths import MODEL, REPORTS, Places
from pipeline.steps.provenance import code_commit

STARTER = Path(str(files("imharmony").joinpath("starter")))
TEMPLATES = Path(reporting.__file__).with_name("templates")
TRIPLES = Path(reporting.__file__).parents[1] / "benchmarks" / "results" / "starter_triples.csv"
SCORED_ON = Path("scored_on.csv")  # in the workspace
DETECTOR = "marks"
VARIANT, CONTROL, STRICT = "regions", "regions_foreground_only", "regions_strict"
MOST_BYTES = 5 << 20  # of the weights: they lie in git and in every wheel
# COCO's names of the licences that permit commercial use and derivatives, and where each is explained, as its json says.
FREE = {
    "Attribution License": "http://creativecommons.org/licenses/by/2.0/",
    "Attribution-ShareAlike License": "http://creativecommons.org/licenses/by-sa/2.0/",
    "No known copyright restrictions": "http://flickr.com/commons/usage/",
    "United States Government Work": "http://www.usa.gov/copyright.shtml",
}
FLICKR_PAGE = "https://www.flickr.com/photo.gne?id="
CONTROLS = ("own_change", "swapped_change", "swapped_loss", "untouched_ciede2000", "untouched_visible")


def write_starter() -> None:
    """Writes the model, its card and its list of photographs into the package, from the workspace's last run."""
    params = load_params()
    places = Places(params.profile)
    checkpoint = places.run(VARIANT, params.seeds[0]) / MODEL
    harmonizer, metadata = load_harmonizer(checkpoint)
    if (size := checkpoint.stat().st_size) > MOST_BYTES:
        raise InputError(f"{checkpoint}: {size} bytes; expected at most {MOST_BYTES} of a model that comes with the package; narrow it")
    tables = [photographs_of(params, places, name) for name in metadata["dataset"].split(JOINS)]
    photographs = pa.Table.from_pandas(pa.concat_tables(tables).to_pandas().drop_duplicates().sort_values("image_id"), preserve_index=False)
    summary, controls = (read_table(REPORTS / "tables" / f"{table}.parquet") for table in ("summary", "controls"))
    facts = {"commit": code_commit(), "sha256": sha256_of(checkpoint), "bytes": size, "network": harmonizer.network, "metadata": metadata}
    write_bytes(STARTER / MODEL, checkpoint.read_bytes())
    write_portable()
    write_detector(places.detector(DETECTOR) / MODEL)
    write_csv(STARTER / "photographs.csv", photographs)
    write_csv(SCORED_ON, scored_photographs(params, places))
    card = card_of(params, places, photographs.to_pandas(), scores_of(summary), controls.to_pandas(), facts)
    write_text(STARTER / "model_card.md", card)


def write_portable() -> None:
    """Writes the package's model as ONNX, beside it."""
    from imharmony.portable.export import export_onnx  # here, because it needs an extra

    export_onnx(STARTER / MODEL, STARTER / PORTABLE)


def write_detector(model: Path) -> None:
    """Writes what `harmonize detect` runs into the package, as ONNX."""
    from imharmony.portable.export import export_detector  # here, because it needs an extra

    export_detector(model, STARTER / PACKAGED)


def photographs_of(params: Params, places: Places, dataset: str) -> pa.Table:
    """Every photograph that the data set selected, by its id; a licence that is not free is an ``InputError``.

    One of which no composite was kept counts: its colours may be in another one's.
    """
    selected = read_table(places.selected(dataset) / "instances.parquet", ["image_id", "split"]).to_pandas().drop_duplicates()
    stored = read_table(places.images(dataset) / "photographs.parquet", ["image_id", "sha256"]).to_pandas()
    source = read_table(places.source(params.active.datasets[dataset].source) / "photographs.parquet").to_pandas()
    table = selected.merge(stored, on="image_id").merge(source, on="image_id").sort_values("image_id")
    other = sorted(set(table["licence"]) - FREE.keys())
    if other:
        raise InputError(f"{dataset}: photographs under {', '.join(other)}; expected some of {', '.join(FREE)}; see selection.licences")
    columns = {
        "image_id": table["image_id"],
        "file_name": table["file_name"],
        "split": table["split"],
        "licence": table["licence"],
        "licence_url": table["licence"].map(FREE),
        "flickr_page": [page_of(url) for url in table["flickr_url"]],
        "coco_url": table["url"],
        "sha256": table["sha256"],
    }
    return pa.table({name: pa.array(column) for name, column in columns.items()})


def scored_photographs(params: Params, places: Places) -> pa.Table:
    """The ids of all photographs that were scored on, so that the workspace finds the same ones again."""
    tables = [read_table(places.selected(name) / "instances.parquet", ["image_id"]) for name in params.scored]
    return pa.table({"image_id": sorted(set(pa.concat_tables(tables)["image_id"].to_pylist()))})


def page_of(flickr_url: str | None) -> str:
    """The photograph's page at Flickr, by the number with which its file's name begins; "" where the source names no file."""
    number = (flickr_url or "").rpartition("/")[2].partition("_")[0]
    return f"{FLICKR_PAGE}{number}" if number.isdigit() else ""


def scores_of(summary: pa.Table) -> pd.DataFrame:
    """The fMSE of all images under the headline protocol."""
    frame = rows_of(summary).to_pandas()
    return frame[(frame["bucket"] == "all") & (frame["metric"] == "fmse")]


def card_of(
    params: Params, places: Places, photographs: pd.DataFrame, scores: pd.DataFrame, controls: pd.DataFrame, facts: Mapping[str, Any]
) -> str:
    """The card's text."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES), autoescape=False, trim_blocks=True, lstrip_blocks=True, undefined=jinja2.StrictUndefined
    )
    learned_from = facts["metadata"]["dataset"].split(JOINS)
    sources = dict.fromkeys(params.active.datasets[name].source for name in learned_from)
    return environment.get_template("model_card.md.j2").render(
        facts,
        mirror=" and ".join(_mirror(params, places, name) for name in sources),
        licences=[
            {"name": name, "url": FREE[str(name)], **{split: int((part["split"] == split).sum()) for split in ("train", "val")}}
            for name, part in photographs.groupby("licence")
        ],
        strict=_counts_of(places, names_in(params.catalogue[STRICT].dataset)),
        counts=_counts_of(places, learned_from),
        size_px=params.active.evaluation.size_px,
        datasets=[_set_of(name, params, scores) for name in params.scored],
        controls=_control_rows(params, controls),
        triples=triples(),
    )


def triples() -> list[dict[str, str]]:
    """The rows that ``benchmarks.triples`` left."""
    with TRIPLES.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def source_of(mirror: str, count: int) -> str:
    """Where the photographs came from: a server by its address, a folder by its size, since nobody else has that path."""
    return mirror if mirror.startswith(("http://", "https://")) else f"a local mirror of {count:,} photographs"


def _mirror(params: Params, places: Places, source: str) -> str:
    listed = read_table(places.source(source) / "photographs.parquet", ["image_id"])
    return source_of(getattr(params.active.sources[source], "mirror", ""), listed.num_rows)


def _counts_of(places: Places, datasets: Sequence[str]) -> dict[str, int]:
    """How many photographs each split of the data sets has together."""
    tables = [read_table(places.selected(name) / "instances.parquet", ["image_id", "split"]) for name in datasets]
    selected = pa.concat_tables(tables).to_pandas().drop_duplicates()
    return {split: int((selected["split"] == split).sum()) for split in ("train", "val")}


def _set_of(name: str, params: Params, scores: pd.DataFrame) -> dict[str, Any]:
    own = scores[scores["dataset"] == name].set_index("method")
    methods = [VARIANT, STRICT, CONTROL, *(each for each in params.baselines if each != REFERENCE)]
    return {"name": name, "reference": own.loc[REFERENCE], "methods": {method: own.loc[method] for method in methods}}


def _control_rows(params: Params, controls: pd.DataFrame) -> list[dict[str, Any]]:
    rows = []
    for name in params.scored:
        for method in (VARIANT, CONTROL):
            own = controls[(controls["dataset"] == name) & (controls["method"] == method)].set_index("measure")
            rows.append({"dataset": name, "method": method, **{measure: own.loc[measure] for measure in CONTROLS}})
    return rows
