"""Stage ``assign_inputs``: variants + semi-harmonized composites -> features/P/inputs/<variant>/: which pictures each one is given."""

from imharmony.storage.files import atomic_folder
from pipeline.params.file import load_params
from pipeline.params.training import INTRINSIC
from pipeline.steps.entry import run_stage
from pipeline.steps.paths import Layout
from pipeline.steps.preprocessed import COMPOSITES, preprocessed_input, write_input


def main() -> None:
    """Writes for each variant what it sees, and of semi-harmonized pictures which ones those are."""
    params = load_params()
    layout = Layout(params.profile)
    preprocessed = preprocessed_input(params, layout)
    with atomic_folder(layout.inputs()) as out:
        for name, variant in params.variants.items():
            write_input(out / name, preprocessed if variant.input == INTRINSIC else COMPOSITES)


if __name__ == "__main__":
    run_stage(main, __doc__, {})
