"""Stage ``build_colour_database``: real photographs -> features/P/realism/<judges>/database/: what realism is compared with."""

from imharmony.realism.database import build_database, save_database
from imharmony.storage.files import atomic_folder
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.fingerprints import facts_of
from pipeline.steps.paths import DATABASE, Places
from pipeline.steps.real_photographs import hashes_of, real_photographs


def main(name: str) -> None:
    """Describes the photographs of the split ``train``."""
    params = load_params()
    judges, places = params.judges_of(name), Places(params.profile)
    found = real_photographs(params, places, judges, "train")
    database = build_database(
        list(found.pictures),
        list(found.masks / 255),
        bins=judges.bins,
        textons=judges.textons,
        neighbours=judges.neighbours,
        seed=judges.seed,
    )
    facts = {"data_hash": hashes_of(places, judges.datasets), **facts_of(places.fingerprint("build_colour_database", name))}
    with atomic_folder(places.realism(name, "database")) as out:
        save_database(out / DATABASE, database, facts)


if __name__ == "__main__":
    run_stage(main, __doc__, {"name": str})
