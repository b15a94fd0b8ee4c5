"""Stage ``download_images``: selected instances + the source -> data/<profile>/images/<dataset>/ (verified photographs in shards)."""

from imharmony.sources.kinds import SOURCES
from imharmony.sources.wanted import read_wanted
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
    wanted = read_wanted(places.source(source) / "photographs.parquet", places.selected(dataset) / "instances.parquet")
    kind = SOURCES[section.kind]
    kind.fetch(
        wanted.photographs,
        listed=wanted.listed,
        source=places.source(source),
        out=places.images(dataset),
        work=download_folder(section.kind, options.get("mirror")),
        **params.machine.engine,
        **{name: options[name] for name in kind.fetch_keys},
    )


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
