"""The back end of the released models, whose environment is a fake here: the contract of files, and a line for all that can be wrong.

The models themselves have not been run by these tests.
"""

import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from imharmony.errors import InputError
from imharmony.intrinsic.compphoto import EXPECTED_FILES, HASHES, PYTHON, RUNNER, WEIGHTS, compphoto, find_environment
from imharmony.pictures.images import encode_png, read_rgb
from tests.imharmony.intrinsic.test_compositing import expect_contract, scene

ANSWER = """
import json, os, sys
from pathlib import Path
import numpy as np
from PIL import Image
folder = Path(sys.argv[2])
assert sys.argv[1].endswith("compphoto_runner.py")
request = json.loads((folder / "request.json").read_text())
composite = np.asarray(Image.open(folder / "composite.png"))
mask = np.asarray(Image.open(folder / "mask.png"))
assert mask.dtype == np.uint8 and mask.shape == composite.shape[:2]
assert (Path(os.environ["TORCH_HOME"]) / "hub" / "midas" / "model.pt").read_text() == "midas/model.pt"
assert "PYTHONPATH" not in os.environ
shading = composite.mean(axis=2) / 255 + 0.1
normals = np.tile(np.float32([0, 0, 1]), (*mask.shape, 1))
harmonized = np.full_like(composite, 77 + request["seed"] + (folder / "background.png").exists())
"""
WRITE = """
np.savez(folder / "layers.npz", shading=shading, normals=normals)
Image.fromarray(harmonized).save(folder / "harmonized.png")
"""


def executable(path: Path, body: str) -> Path:
    path.write_text(f"#!{sys.executable}\n{body}")
    path.chmod(0o755)
    return path


@pytest.fixture
def variables(tmp_path) -> dict[str, str]:
    for name in EXPECTED_FILES:
        file = tmp_path / "weights" / name
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(name)
    return {PYTHON: str(executable(tmp_path / "python", ANSWER + WRITE)), WEIGHTS: str(tmp_path / "weights")}


def test_the_contract_holds_for_what_the_other_environment_answers(variables):
    composite, mask = scene()
    one, other = (compphoto(composite, mask, environment=find_environment(variables)) for _ in range(2))
    expect_contract(one, composite, mask)
    assert (one.image[mask == 1] == 77).all()
    assert one.image.tobytes() == other.image.tobytes()


def test_seed_and_background_reach_it(variables):
    composite, mask = scene()
    result = compphoto(composite, mask, environment=find_environment(variables), background=composite, seed=5)
    assert (result.image[mask == 1] == 77 + 5 + 1).all()


def test_without_the_variables_one_line_says_which_and_what_else_can_be_done():
    with pytest.raises(InputError, match=f"^{PYTHON} and {WEIGHTS} not set; .* use the classical or the learned decomposition$"):
        find_environment({})


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda folder: (folder / "python").chmod(0o644), "python: not an executable file; set it to that environment's bin/python"),
        (lambda folder: (folder / "weights/midas/model.pt").unlink(), r"lacks midas/model\.pt; run the released inference script once"),
    ],
)
def test_what_is_not_there_is_named(variables, tmp_path, change, message):
    change(tmp_path)
    with pytest.raises(InputError, match=message):
        find_environment(variables)


def test_weights_are_remembered_by_their_hashes(variables, tmp_path):
    first = find_environment(variables)
    assert json.loads((tmp_path / "weights" / HASHES).read_text()) == first.sha256
    assert find_environment(variables) == first
    (tmp_path / "weights/midas/model.pt").write_text("another")
    with pytest.raises(InputError, match=r"midas/model\.pt differ from when they were first used; restore them, or delete"):
        find_environment(variables)


@pytest.mark.parametrize(
    ("body", "message"),
    [
        ("import sys; sys.exit('CUDA out of memory')", r"ended with code 1 \(CUDA out of memory\); mend that environment"),
        (ANSWER, r"layers\.npz is absent or not whole"),
        (ANSWER + "shading = shading[1:]\n" + WRITE, r"answered with shading \(47, 48\).*expected the composite's size \(48, 48\)"),
        (ANSWER + "shading[0, 0] = np.nan\n" + WRITE, "values that are not finite"),
        (ANSWER + "normals = np.array([{}])\n" + WRITE, r"layers\.npz is absent or not whole"),
    ],
    ids=["fails", "writes nothing", "another size", "not a number", "an object that would run code"],
)
def test_a_bad_answer_is_one_line(variables, tmp_path, body, message):
    executable(tmp_path / "python", body)
    with pytest.raises(InputError, match=message) as caught:
        compphoto(*scene(), environment=find_environment(variables))
    assert "\n" not in str(caught.value)


def test_a_file_that_is_no_program_is_one_line(variables, tmp_path):
    environment = find_environment(variables)
    (tmp_path / "python").write_bytes(b"\0")
    with pytest.raises(InputError, match="cannot be run"):
        compphoto(*scene(), environment=environment)


FAKES = {  # what the runner imports there, with the arguments that the released functions take
    "boosted_depth/depth_util.py": "def create_depth_models(): return 'depth'\ndef get_depth(img, models): return img[..., 0]",
    "chrislib/normal_util.py": (
        "import numpy as np\ndef get_omni_normals(model, img): return np.tile(np.float32([1, .5, .5]), (*img.shape[:2], 1))"
    ),
    "intrinsic/model_util.py": "def load_models(path): assert path == 'paper_weights'",
    "intrinsic/pipeline.py": (
        "def run_pipeline(models, img, resize_conf, maintain_size, linear):\n    return {'inv_shading': 1 / (1 + 0.5 + img.mean(axis=2))}"
    ),
    "intrinsic_compositing/albedo/pipeline.py": (
        "def load_albedo_harmonizer(): return 'albedo'\n"
        "def harmonize_albedo(img, msk, inv_shd, trainer):\n"
        "    assert img.shape[:2] == msk.shape == inv_shd.shape\n    return 0 * img + 0.5"
    ),
    "intrinsic_compositing/shading/pipeline.py": (
        "def load_reshading_model(path): assert path == 'further_trained'\n"
        "def get_light_coeffs(shd, nrm, img, mask=None):\n"
        "    assert mask is None or mask.shape == shd.shape\n    return [0, 0, 1, 1], shd\n"
        "def compute_reshading(orig, msk, inv_shd, depth, normals, alb, coeffs, model):\n    return {'composite': 0 * orig + 0.25}"
    ),
    "omnidata_tools/model_util.py": "def load_omni_model(): return 'normals'",
}


@pytest.mark.parametrize("has_background", [False, True])
def test_the_runner_calls_the_released_functions_and_answers_at_the_composites_size(tmp_path, has_background):
    for name, text in FAKES.items():
        path = tmp_path / "site" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    composite, mask = scene(48)
    composite, mask = composite[:40], mask[:40]
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "composite.png").write_bytes(encode_png(composite))
    (folder / "mask.png").write_bytes(encode_png(np.rint(255 * mask).astype(np.uint8)))
    if has_background:
        (folder / "background.png").write_bytes(encode_png(composite[:20]))
    (folder / "request.json").write_text(json.dumps({"seed": 0, "size_px": 1024}))
    environment = {"PYTHONPATH": str(tmp_path / "site"), "OMP_NUM_THREADS": "1"}
    done = subprocess.run([sys.executable, RUNNER, folder], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    with np.load(folder / "layers.npz") as layers:
        assert layers["shading"].shape == (40, 48)
        np.testing.assert_allclose(layers["normals"], np.tile([1.0, 0, 0], (40, 48, 1)), atol=1e-5)
    assert (read_rgb(folder / "harmonized.png") == 64).all()


def test_the_runner_imports_nothing_of_this_package():
    assert "harmonization." not in "".join(line for line in RUNNER.read_text().splitlines() if "import" in line)
