"""The page that needs no server: a folder of files with which a browser runs the starter model by itself."""

import json
from importlib.resources import as_file, files
from pathlib import Path

from imharmony.errors import InputError
from imharmony.harmonizing.api import LEAST_TRUST
from imharmony.harmonizing.models import PORTABLE
from imharmony.portable.session import OnnxModel
from imharmony.storage.files import atomic_folder
from imharmony.storage.places import expect_place
from imharmony.web.runtime import runtime_files

HERE = files("imharmony").joinpath("web")
MODEL = files("imharmony").joinpath("starter", PORTABLE)
SHARED = ("style.css", "brush.js", "dom.js", "files.js", "mask.js")  # with the page of `harmonize app`
OWN = ("index.html", "main.js", "cielab.js", "comparison.js", "distance.js", "model.js", "pictures.js", "positions.js", "squared.js")
OTHERS = ("runtime", "model.onnx", "model.json")
LICENSE = "LICENSE.onnxruntime.txt"


def write_page(out: Path, runtime: Path | None = None) -> None:
    """Writes the page as a folder that is not there yet, or is a page that this made; ``runtime`` is as ``runtime_files`` takes it."""
    _expect_ours(out)
    expect_place(out / OWN[0], inputs=[])
    contents = {f"runtime/{name}": data for name, data in runtime_files(runtime).items()}
    contents |= {name: HERE.joinpath("page", name).read_bytes() for name in SHARED}
    contents |= {name: HERE.joinpath("static", name).read_bytes() for name in OWN}
    contents["runtime/LICENSE.txt"] = HERE.joinpath("static", LICENSE).read_bytes()
    contents["model.onnx"] = MODEL.read_bytes()
    contents["model.json"] = _facts()
    with atomic_folder(out) as folder:
        (folder / "runtime").mkdir()
        for name, data in contents.items():
            (folder / name).write_bytes(data)


def _expect_ours(out: Path) -> None:
    """That nothing is replaced but a page: what someone has put beside its files would be lost."""
    if not (out.exists() or out.is_symlink()):
        return
    if not out.is_dir() or out.is_symlink():
        raise InputError(f"{out}: no folder; expected the name of a new one; name another")
    known = {*SHARED, *OWN, *OTHERS}
    strange = sorted(each.name for each in out.iterdir() if each.name not in known)
    if strange:
        raise InputError(f"{out}: holds {strange[0]}, which is no file of the page; expected a new folder, or such a page; name another")


def _facts() -> bytes:
    """What the page must know of the model: browsers do not show a file's metadata."""
    with as_file(MODEL) as path:
        facts = OnnxModel.load(path).facts
    said = {"size_px": facts.size_px, "counts": facts.counts, "least_trust": LEAST_TRUST, "sha256": facts.sha256}
    return f"{json.dumps(said, indent=2)}\n".encode()
