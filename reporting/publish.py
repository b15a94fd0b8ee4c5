"""Small tables of a finished run, kept in git with what is needed to judge them."""

import json

import pyarrow as pa
import pyarrow.compute as pc

from imharmony.composing.packed_split import data_hash
from imharmony.evaluation.conventions import CONVENTIONS, HEADLINE, rows_of
from imharmony.storage.files import write_text
from imharmony.storage.names import expect_name
from imharmony.storage.tables import read_table, write_csv, write_table
from pipeline.params.file import load_params
from pipeline.steps.paths import REPORTS, Places
from reporting.blind_table import SUFFIX as SUFFIX_OF_BLIND
from reporting.blind_table import published_blind
from reporting.clip_table import SUFFIX as SUFFIX_OF_CLIPS
from reporting.clip_table import published_clips
from reporting.control_table import SUFFIX
from reporting.matting_table import OF_MATTING, published_matting
from reporting.matting_table import SUFFIX as SUFFIX_OF_MATTING
from reporting.published_models import published_models
from reporting.run_facts import run_facts

# As a method is used, and its own picture, whose background nothing has replaced: a loss of the background shows there alone.
AS_TEXT = (HEADLINE, CONVENTIONS["report_001"])


def publish(name: str) -> None:
    """Copies the summaries of the last report to reports/published/ with commit, data hashes, parameters and hardware.

    The Parquet file is all of the scores' summary; the text has the headline protocol's rows of all images, then those of the methods'
    own pictures. The controls' summary is text alone.
    """
    expect_name(name, of="the name of what is published")
    params = load_params()
    places = Places(params.profile)
    summary, controls = (read_table(REPORTS / "tables" / f"{table}.parquet") for table in ("summary", "controls"))
    folder = REPORTS / "published"
    facts = {
        "data_hash": {dataset: data_hash(places.composites(dataset)) for dataset in params.datasets},
        **run_facts(),
        "profile": params.profile,
        "parameters": params.active.model_dump(mode="json"),
        "variants": {key: variant.model_dump(mode="json") for key, variant in params.drawn.items()},
        "outside": {key: method.model_dump(mode="json") for key, method in params.imported.items()},
        "published": {key: facts._asdict() for key, facts in published_models(params).items()},
    }
    write_table(folder.joinpath(f"{name}.parquet"), summary)
    of_all = summary.filter(pc.field("bucket") == "all")
    write_csv(folder.joinpath(f"{name}.csv"), pa.concat_tables([rows_of(of_all, protocol) for protocol in AS_TEXT]))
    write_csv(folder.joinpath(f"{name}{SUFFIX}"), controls)
    if params.blind:
        means, pairs = (read_table(REPORTS / "tables" / f"{table}.parquet") for table in ("blind", "blind_pairs"))
        write_csv(folder.joinpath(f"{name}{SUFFIX_OF_BLIND}"), published_blind(means, pairs))
    if params.clips:
        means, pairs = (read_table(REPORTS / "tables" / f"{table}.parquet") for table in ("clips", "clip_pairs"))
        write_csv(folder.joinpath(f"{name}{SUFFIX_OF_CLIPS}"), published_clips(means, pairs))
    if params.trimaps:
        tables = {table: read_table(REPORTS / "tables" / f"{table}.parquet") for table in OF_MATTING}
        write_csv(folder.joinpath(f"{name}{SUFFIX_OF_MATTING}"), published_matting(tables))
    write_text(folder.joinpath(f"{name}.json"), json.dumps(facts, indent=2) + "\n")
