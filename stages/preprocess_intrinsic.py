"""Stage ``preprocess_intrinsic``: composites -> data/P/intrinsic/<dataset>/: the same in the same layout, semi-harmonized, and lights."""

from imharmony.composing.packed_split import data_hash
from imharmony.intrinsic.preprocessing import preprocess
from imharmony.intrinsic.recipe import Recipe
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import MODEL, Places
from pipeline.steps.preprocessed import Preprocessing, networks_hash, write_preprocessing
from pipeline.steps.work_folders import work_folder


def main(dataset: str) -> None:
    """Report 001's preprocessing of one data set: of its training photographs only if something learns from them."""
    params = load_params()
    places, chosen = Places(params.profile), params.intrinsic
    params.dataset(dataset)  # a name that params.yaml does not have ends here
    composites, out = places.composites(dataset), places.intrinsic(dataset)
    networks = networks_hash(places) if chosen.has_networks else None
    preprocess(
        composites=composites,
        out=out,
        work=work_folder("preprocess_intrinsic", places.fingerprint("preprocess_intrinsic", dataset), data_hash(composites), networks),
        recipe=Recipe(**chosen.of_pictures, model=places.preprocessing("edits") / MODEL if networks else None),
        **params.machine.engine,
        splits=params.preprocessed_splits(dataset),
    )
    write_preprocessing(out, Preprocessing(**chosen.of_pictures, networks_sha256=networks))


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
