"""Stage ``filter_masks``: a source's instances -> data/<profile>/selected/<dataset>/instances.parquet and dropped.parquet."""

import logging

from imharmony.composing.selection import reason_counts, select
from imharmony.storage.tables import read_table, write_table
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
    kept, dropped = select(
        read_table(source / "instances.parquet"),
        read_table(source / "photographs.parquet"),
        rules=section.selection,
        split=section.split,
        workers=params.machine.processes,
    )
    out = places.selected(dataset)
    write_table(out / "instances.parquet", kept)
    write_table(out / "dropped.parquet", dropped)
    photographs = len(set(kept.column("image_id").to_pylist()))
    log.info("%s: kept %d instances of %d photographs", dataset, len(kept), photographs)
    log.info("%s: dropped %d: %s", dataset, len(dropped), reason_counts(dropped.column("reason").to_pylist()))


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
