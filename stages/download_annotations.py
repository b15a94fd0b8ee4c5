"""Stage ``download_annotations``: a source or its mirror -> data/<profile>/sources/<source>/photographs.parquet and instances.parquet."""

import logging

from imharmony.errors import InputError
from imharmony.sources.kinds import SOURCES
from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import download_folder

log = logging.getLogger(__name__)


def main(source: str) -> None:
    """Lists what a source has."""
    params = load_params()
    if source not in params.sources:
        raise InputError(f"source is {source!r}; expected one of {params.sources}, as params.yaml lists them")
    section = params.active.sources[source]
    out = Places(params.profile).source(source)
    options = section.model_dump(exclude={"kind"})
    work = download_folder(section.kind, options.get("mirror"))
    SOURCES[section.kind].list(out=out, work=work, **params.machine.engine, **options)
    counts = [read_table(out / f"{table}.parquet", ["image_id"]).num_rows for table in ("photographs", "instances")]
    log.info("%s: %d photographs, %d instances", source, *counts)


if __name__ == "__main__":
    run_stage(main, __doc__, {"source": str})
