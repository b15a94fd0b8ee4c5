"""Stage ``filter_masks``: a source's instances -> data/<profile>/selected/<dataset>/instances.parquet and dropped.parquet."""

import logging

from imharmony.composing.selection import select
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places

log = logging.getLogger(__name__)


def main(dataset: str) -> None:
    """Selects a data set's foregrounds."""
    params = load_params()
    places = Places(params.profile)
    section = params.dataset(dataset)
    source = places.source(section.source)
    done = select(
        source / "instances.parquet",
        source / "photographs.parquet",
        out=places.selected(dataset),
        rules=section.selection,
        split=section.split,
        workers=params.machine.processes,
        cluster_address=params.machine.cluster,
    )
    log.info("%s: kept %d instances of %d photographs", dataset, done.kept, done.photographs)
    log.info("%s: dropped %d: %s", dataset, done.dropped, done.reasons)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
