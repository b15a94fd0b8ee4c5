"""Stage ``make_trimaps``: composites of portraits -> data/P/trimaps/<dataset>/: a trimap of each portrait that is not trained on."""

from imharmony.matting.stored_trimaps import make_trimaps
from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Places


def main(dataset: str) -> None:
    """All have one width, which leaves the profile's share unknown on the split ``val``."""
    params = load_params()
    places = Places(params.profile)
    params.dataset(dataset)
    make_trimaps(places.composites(dataset), places.trimaps(dataset), unknown=params.matting_scale.unknown)


if __name__ == "__main__":
    run_stage(main, __doc__, {"dataset": str})
