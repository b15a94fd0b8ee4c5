"""``harmonize models``: what can harmonize here, published networks as models, the model in the package, models as ONNX, and as a page."""

import argparse
from collections.abc import Iterator, Mapping
from importlib.resources import files
from pathlib import Path
from typing import TYPE_CHECKING

from imharmony.commands.parsing import Parser, path_of
from imharmony.errors import InputError
from imharmony.harmonizing.models import PORTABLE
from imharmony.harmonizing.offers import CLASSICAL, STARTER
from imharmony.published import HARMONIZERS, MATTING
from imharmony.published.imported import imported_name
from imharmony.published.sources import Source
from imharmony.storage.files import write_bytes
from imharmony.storage.headers import told_by
from imharmony.storage.places import expect_place, expect_there

if TYPE_CHECKING:
    from imharmony.networks.harmonizer import InferenceMode

PACKAGE = files("imharmony").joinpath("starter")
CARD = "model_card.md"
CUTTERS = "What cuts people out, imported in the same way: modnet is for `harmonize portrait --network`, the others need trimaps:"
PUBLISHED = "Published networks, made such a file by `harmonize models import FILE --as NAME -o model.safetensors`:"
SAID = {
    STARTER: "three small networks that move the object's colours as a whole; in the package",
    "reinhard": "means and deviations of CIELAB matched to the background's (Reinhard et al. 2001)",
    "histogram": "histograms matched to the background's",
    "mkl": "means and covariances matched by the linear map that moves least (Pitie & Kokaram 2007)",
    "lalonde_efros": "clusters of colours moved to the background's (Lalonde & Efros 2007)",
    "xue": "zones of luminance, temperature and saturation matched (Xue et al. 2012)",
    "poisson": "gradients kept, colours of the border taken over (Perez et al. 2003)",
    "multiband": "blended into the background in Laplacian pyramids (Burt & Adelson 1983)",
}


def run(arguments: list[str]) -> tuple[str, int]:
    """What to print, and the exit code; raises ``InputError`` on wrong input."""
    options = vars(_parser().parse_args(arguments))
    return options.pop("command")(**options), 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="harmonize models", description=__doc__)
    parser.set_defaults(command=_listed)
    commands = parser.add_subparsers()
    listed = commands.add_parser("list", description="Names that --model takes, published networks, and which of these are here.")
    listed.add_argument("folder", nargs="?", type=path_of, default=Path(), help="where imported files are looked for; by default here")
    listed.set_defaults(command=_listed)
    imported = commands.add_parser("import", description="Makes a model of a published network's file. Nothing is downloaded.")
    imported.add_argument("files", nargs="+", type=path_of, metavar="FILE", help="as its authors publish it; bargainnet has two")
    imported.add_argument(
        "--as", dest="name", required=True, metavar="NAME", help="which network it is; `harmonize models list` has the names"
    )
    imported.add_argument("-o", "--output", type=path_of, required=True, metavar="OUT.safetensors")
    said = "statistics of batch norms: of the training (eval), or of each picture, with dropout (train); by default as its authors test it"
    imported.add_argument("--inference-mode", choices=("eval", "train"), help=said)
    imported.set_defaults(command=_import)
    commands.add_parser("card", description="The model card of the model in the package.").set_defaults(command=_card)
    export = commands.add_parser("export", description="Writes a model, or a network that cuts people out, as ONNX, checked against torch.")
    export.add_argument("model", help=f"{STARTER}, or a file .safetensors")
    export.add_argument("-o", "--output", type=path_of, required=True, metavar="OUT.onnx")
    export.set_defaults(command=_export)
    page = commands.add_parser("page", description=f"Writes a page for any file server, on which the browser itself runs {STARTER}.")
    page.add_argument("output", type=path_of, metavar="OUT_FOLDER", help="a new folder, or a page that this wrote before")
    said = "onnxruntime-web, its .tgz or unpacked; without it npm fetches it"
    page.add_argument("--runtime", type=path_of, metavar="DIR", help=said)
    page.set_defaults(command=_page)
    return parser


def _listed(*, folder: Path = Path()) -> str:
    width = max(map(len, [*SAID, *HARMONIZERS, *MATTING]))
    here = _imported(folder)
    lines = [f"{name:{width}}  {SAID[name]}" for name in (STARTER, *CLASSICAL)]
    lines += ["or a file: model.safetensors, model.onnx", "", PUBLISHED]
    lines += _known(HARMONIZERS, here, width)
    return "\n".join([*lines, "", CUTTERS, *_known(MATTING, here, width)])


def _known(networks: Mapping[str, Source], here: Mapping[str, list[Path]], width: int) -> Iterator[str]:
    for name, source in networks.items():
        yield f"{name:{width}}  {source.paper}; {' and '.join(source.files)}: {source.place}"
        yield f"{'':{width}}  {source.repository}; {source.licence}; commercial use: {source.commercial_use}"
        yield from (f"{'':{width}}  here: {path}" for path in here.get(name, []))


def _imported(folder: Path) -> dict[str, list[Path]]:
    """The imported files in a folder, by the network's name."""
    found: dict[str, list[Path]] = {}
    for path in sorted(folder.glob("*.safetensors")):
        if (name := imported_name(path)) is not None:
            found.setdefault(name, []).append(path)
    return found


def _import(*, files: list[Path], name: str, output: Path, inference_mode: "InferenceMode | None") -> str:
    if output.suffix != ".safetensors":
        advice = f"name {output.stem}.safetensors"
        raise InputError(f"{output}: expected a name that ends in .safetensors, as imported files do; {advice}, and export that as ONNX")
    expect_place(output, inputs=files)
    if name in MATTING:
        if inference_mode is not None:
            raise InputError(f"--inference-mode {inference_mode} with {name}, which is always used in evaluation mode; leave it out")
        from imharmony.harmonizing.imported_matting import import_matting

        import_matting(files, name, output)
        return str(output)
    from imharmony.published.importing import import_published

    import_published(files, name, output, inference_mode=inference_mode)
    return str(output)


def _card() -> str:
    return PACKAGE.joinpath(CARD).read_text(encoding="utf-8").rstrip()


def _export(*, model: str, output: Path) -> str:
    if output.suffix != ".onnx":
        raise InputError(f"{output}: expected a name that ends in .onnx; name {output.stem}.onnx")
    if model in CLASSICAL:
        raise InputError(f"{model}: a method without weights; expected {STARTER} or a file model.safetensors")
    is_starter = model == STARTER
    expect_place(output, inputs=[] if is_starter else [Path(model)])
    if is_starter:  # it was exported and checked when it was made
        write_bytes(output, PACKAGE.joinpath(PORTABLE).read_bytes())
        return str(output)
    from imharmony.portable.export import export_onnx, export_portrait

    expect_there(Path(model), "a file .safetensors of a training or of `harmonize models import`")
    (export_portrait if told_by(Path(model), "matting") else export_onnx)(Path(model), output)
    return str(output)


def _page(*, output: Path, runtime: Path | None) -> str:
    from imharmony.web.static_page import write_page

    write_page(output, runtime)
    return str(output)
