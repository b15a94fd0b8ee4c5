"""The released models of Careaga, Miangoleh and Aksoy 2023 as a back end: a subprocess in an environment of the user's own.

The models are for academic use, are on no package index and need older packages than ours, so nothing of theirs is imported here.
The environment is named by ``INTRINSIC_COMPPHOTO_PYTHON`` (its ``python``), the weights by ``INTRINSIC_COMPPHOTO_WEIGHTS`` (what
torch calls its hub folder). Pictures and layers pass through files in a temporary folder; see ``compphoto_runner``.
"""

import json
import os
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from imharmony.errors import InputError
from imharmony.intrinsic.compositing import SemiHarmonized, blend_levels, check, fit_lights
from imharmony.intrinsic.decomposition import Decomposition
from imharmony.pictures.images import encode_png, read_rgb
from imharmony.storage.files import sha256_of, write_text

PYTHON, WEIGHTS = "INTRINSIC_COMPPHOTO_PYTHON", "INTRINSIC_COMPPHOTO_WEIGHTS"
RUNNER = Path(__file__).with_name("compphoto_runner.py")
# Below the hub folder, where release 1.0.0 and the packages that it pins keep them. Omnidata's file has another name in each version.
EXPECTED_FILES = (
    "albedo_harmonization/albedo_paper_weights.pth",
    "checkpoints/further_trained.pt",
    "checkpoints/final_weights.pt",
    "midas/model.pt",
    "mergemodel/latest_net_G.pth",
)
HASHES = "harmonization_sha256.json"  # beside the weights, written when they are first used
SIZE_PX = 1024
SECONDS = 1800


@dataclass(frozen=True)
class CompphotoEnvironment:
    """A Python that can run the released models, and their weights with the SHA-256 of each."""

    python: Path
    weights: Path
    sha256: Mapping[str, str]


def find_environment(variables: Mapping[str, str] = os.environ) -> CompphotoEnvironment:
    """The environment that the variables name; an ``InputError`` says what is missing, or that its weights are others than before."""
    python, weights = located(variables)
    return CompphotoEnvironment(python, weights, _recorded_hashes(weights))


def located(variables: Mapping[str, str] = os.environ) -> tuple[Path, Path]:
    """The Python and the weights that the variables name, not yet read; an ``InputError`` says what is missing."""
    if absent := [name for name in (PYTHON, WEIGHTS) if not variables.get(name)]:
        raise InputError(
            f"{' and '.join(absent)} not set; expected the python of an environment with github.com/compphoto/IntrinsicCompositing "
            "and the folder of its weights; set both, or use the classical or the learned decomposition"
        )
    python, weights = Path(variables[PYTHON]), Path(variables[WEIGHTS])
    if not (python.is_file() and os.access(python, os.X_OK)):
        raise InputError(f"{PYTHON} is {python}: not an executable file; set it to that environment's bin/python")
    if lacking := [name for name in EXPECTED_FILES if not (weights / name).is_file()]:
        raise InputError(f"{WEIGHTS} is {weights}: lacks {', '.join(lacking)}; run the released inference script once to fetch its weights")
    return python, weights


def compphoto(
    composite: np.ndarray, mask: np.ndarray, *, environment: CompphotoEnvironment, background: np.ndarray | None = None, seed: int = 0
) -> SemiHarmonized:
    """The composite harmonized by the released models; the same contract as ``compositing.semi_harmonize``.

    Their albedo is not taken: it is the composite's linear light over their shading, so that the product is exact and sRGB's own
    curve is used in place of their power 2.2. Their picture is laid over the composite by the mask. ``seed`` fixes the order of their
    albedo edits, which they draw anew each time.
    """
    inside = check(composite, mask, background=background)
    with TemporaryDirectory(prefix="compphoto-") as name:
        folder = Path(name)
        _write_request(folder, composite, mask, background, seed)
        _run(environment, folder)
        shading, normals, harmonized = _read_answer(folder, composite.shape[:2])
    layers = Decomposition.of(composite, shading)
    lights = fit_lights(composite, inside, layers.part(slice(None))[1], normals)
    image = blend_levels(composite, harmonized.astype(np.float64), mask)
    return SemiHarmonized(layers, normals, *lights, is_relit=True, image=image)


def _recorded_hashes(weights: Path) -> dict[str, str]:
    found = {name: sha256_of(weights / name) for name in EXPECTED_FILES}
    record = weights / HASHES
    if not record.exists():
        write_text(record, json.dumps(found, indent=2, sort_keys=True) + "\n")
        return found
    known = json.loads(record.read_text())
    if changed := sorted(name for name, digest in found.items() if known.get(name) != digest):
        raise InputError(f"{weights}: {', '.join(changed)} differ from when they were first used; restore them, or delete {record}")
    return found


def _write_request(folder: Path, composite: np.ndarray, mask: np.ndarray, background: np.ndarray | None, seed: int) -> None:
    pictures = {"composite": composite, "mask": np.rint(255 * mask).astype(np.uint8), "background": background}
    for name, picture in pictures.items():
        if picture is not None:
            (folder / f"{name}.png").write_bytes(encode_png(picture))
    (folder / "request.json").write_text(json.dumps({"seed": seed, "size_px": SIZE_PX}))


def _run(environment: CompphotoEnvironment, folder: Path) -> None:
    variables = {name: value for name, value in os.environ.items() if name not in ("PYTHONPATH", "PYTHONHOME")}
    hub = folder / "home" / "hub"  # torch looks for its hub folder below TORCH_HOME
    hub.parent.mkdir()
    hub.symlink_to(environment.weights.resolve(), target_is_directory=True)
    command = [str(environment.python), str(RUNNER), str(folder)]
    try:
        done = subprocess.run(
            command, env=variables | {"TORCH_HOME": str(hub.parent)}, capture_output=True, text=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise InputError(f"{environment.python}: no answer within {SECONDS} s; try a smaller picture, or a GPU") from error
    except OSError as error:
        raise InputError(f"{environment.python}: cannot be run ({error}); set {PYTHON} to that environment's bin/python") from error
    if done.returncode:
        last = (done.stderr.strip().splitlines() or ["no message"])[-1]
        raise InputError(f"{environment.python}: ended with code {done.returncode} ({last}); mend that environment and try again")


def _read_answer(folder: Path, size: tuple[int, int]) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Shading (H, W), normals (H, W, 3) and the harmonized picture, checked."""
    try:
        with np.load(folder / "layers.npz", allow_pickle=False) as layers:
            shading, normals = layers["shading"], layers["normals"]
    except (FileNotFoundError, KeyError, ValueError, zipfile.BadZipFile) as error:
        raise InputError(f"layers.npz is absent or not whole ({error}); expected shading and normals; use the runner as it came") from error
    harmonized = read_rgb(folder / "harmonized.png")
    if not shading.shape == normals.shape[:2] == harmonized.shape[:2] == size:
        came = f"shading {shading.shape}, normals {normals.shape}, picture {harmonized.shape}"
        raise InputError(f"the released models answered with {came}; expected the composite's size {size}; use the runner as it came")
    if not (np.isfinite(shading).all() and np.isfinite(normals).all()):
        raise InputError("the released models answered with values that are not finite; expected finite layers; try another picture")
    return shading.astype(np.float64), normals.astype(np.float32), harmonized
