"""Stage ``name_data``: data sets -> data/<profile>/named/<input>/: a file for each name by which variants ask for one."""

from typing import cast, get_args

from imharmony.errors import InputError
from pipeline.params.file import load_params
from pipeline.params.training import InputName
from pipeline.steps.entry import run_stage
from pipeline.steps.named_data import write_names
from pipeline.steps.paths import Places


def main(given: str) -> None:
    """Names the pictures of one kind: composites, or what the preprocessing made of them."""
    if given not in get_args(InputName):
        raise InputError(f"input is {given!r}; expected one of {list(get_args(InputName))}")
    params, kind = load_params(), cast("InputName", given)
    write_names(Places(params.profile), kind, params.named(kind))


if __name__ == "__main__":
    run_stage(main, __doc__, {"given": str})
