"""Stage ``synthesize_composites``: selected instances and their photographs -> composites with their lineage."""

from imharmony.composing.regions import RegionRules
from imharmony.composing.rules import Limits, ReferenceRules, parts_of
from imharmony.composing.synthesis import synthesize
from imharmony.errors import InputError
from imharmony.sources.kinds import SOURCES
from imharmony.storage.tables import read_table
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places
from pipeline.steps.work_folders import work_folder


def main(dataset: str) -> None:
    """Makes the composites of one data set of the active profile."""
    params = load_params()
    places = Places(params.profile)
    section = params.dataset(dataset)
    selected, images = places.selected(dataset), places.images(dataset)
    source = params.active.sources[section.source]
    compose = SOURCES[source.kind].compose
    if compose is not None:
        table, options = read_table(selected / "instances.parquet"), source.model_dump(exclude={"kind"})
        compose(selected=table, out=places.composites(dataset), dataset=dataset, **params.machine.engine, **options)
        return
    synthesis = section.synthesis
    if synthesis is None:
        raise InputError(f"data set {dataset}: its source has photographs alone; expected a section `synthesis` in params.yaml")
    each = synthesis.composites_per_foreground.model_dump(include=set(parts_of(section.split)))
    # The photographs' table has the SHA-256 of every file, so the files themselves need not be read for the key.
    inputs = (places.fingerprint("synthesize_composites", dataset), dataset, selected / "instances.parquet", images / "photographs.parquet")
    synthesize(
        selected=selected,
        images=images,
        out=places.composites(dataset),
        work=work_folder("synthesize_composites", *inputs),
        dataset=dataset,
        transfers=synthesis.transfers,
        composites_per_foreground=each,
        regions=RegionRules(synthesis.direction, synthesis.plate),
        limits=synthesis.limits or Limits(),
        references=synthesis.references or ReferenceRules(),
        seed=synthesis.seed,
        **params.machine.engine,
    )


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
