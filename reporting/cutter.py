"""The network of `harmonize portrait` that comes with the package, from a finished training of the workspace cutter/."""

from pathlib import Path

from imharmony.errors import InputError
from imharmony.harmonizing.portraits import PACKAGED
from imharmony.storage.files import write_bytes
from pipeline.params.file import Params, load_params
from pipeline.steps.paths import MODEL, Places
from reporting import starter

NETWORK = "portrait"
MOST_BYTES = 3 << 20  # it lies in git and in every wheel


def write_cutter() -> None:
    """Writes the network into the package as ONNX, from the workspace's last training."""
    params = load_params()
    places = Places(params.profile)
    expect_free(params, places)
    export(places.matting(NETWORK) / MODEL, starter.STARTER / PACKAGED)


def expect_free(params: Params, places: Places) -> None:
    """Raises an ``InputError`` where it learned people from photographs of another licence than the starter model's."""
    people = params.matting_network(NETWORK).people
    for dataset in [] if people is None else people.datasets:
        starter.photographs_of(params, places, dataset)


def export(model: Path, out: Path) -> None:
    """The network as ONNX; one that is too large for a package is an ``InputError``, and nothing is left."""
    from imharmony.portable.export import export_portrait  # here, because it needs an extra

    temporary = out.with_name(f".{out.name}")
    try:
        export_portrait(model, temporary)
        if (size := temporary.stat().st_size) > MOST_BYTES:
            raise InputError(f"{model}: {size} bytes as ONNX; expected at most {MOST_BYTES} of what comes with the package; narrow it")
        write_bytes(out, temporary.read_bytes())
    finally:
        temporary.unlink(missing_ok=True)
