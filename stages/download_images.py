"""Stage ``download_images``: selected instances + the source -> data/<profile>/images/<dataset>/ (verified photographs in shards)."""

import pyarrow as pa

from imharmony.sources.kinds import SOURCES
from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import download_folder


def main(dataset: str) -> None:
    """Fetches the photographs that a data set's foregrounds are in."""
    params = load_params()
    places = Places(params.profile)
    source = params.dataset(dataset).source
    section = params.active.sources[source]
    options = section.model_dump(exclude={"kind"})
    listing = read_table(places.source(source) / "photographs.parquet")
    wanted = set(read_table(places.selected(dataset) / "instances.parquet", ["image_id"]).column("image_id").to_pylist())
    kind = SOURCES[section.kind]
    kind.fetch(
        listing.filter(pa.array([image_id in wanted for image_id in listing.column("image_id").to_pylist()])),
        listing=listing,
        source=places.source(source),
        out=places.images(dataset),
        work=download_folder(section.kind, options.get("mirror")),
        **params.machine.engine,
        **{name: options[name] for name in kind.fetch_keys},
    )


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
