"""Stage ``name_data``: data sets, backbone -> data/P/named/<variant>/{train,evaluate}: a file that changes with what is read there."""

from pipeline.params.file import load_params
from pipeline.steps.entry import run_stage
from pipeline.steps.named_data import write_names
from pipeline.steps.paths import Places


def main() -> None:
    """Looks up what each variant of the catalogue reads."""
    params = load_params()
    write_names(params, Places(params.profile))


if __name__ == "__main__":
    run_stage(main, __doc__, {})
