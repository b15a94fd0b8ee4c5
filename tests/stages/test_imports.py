"""What a stage loads before it begins: nothing heavy that it does not use. Loading is looked at, not timed."""

import subprocess
import sys

import pytest

NETWORKS = {"torch", "torchvision", "lightning_fabric", "safetensors.torch"}
TABLES_AND_PLOTS = {"pandas", "matplotlib", "plotly", "jinja2"}
NUMERICS = {"scipy.fft", "scipy.sparse", "scipy.stats", "scipy.optimize"}
RUNNERS = {"dvc", "dvclive", "prefect", "distributed"}
WEB = {"httpx", "fastapi"}
NEVER = RUNNERS | {"lpips", "onnxruntime", "torchvision"}
TRAINING = {"lightning_fabric", "torch._dynamo"}  # an optimiser loads the compiler
MUST_NOT = {
    "build_colour_database": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "compose_portraits": NEVER | TABLES_AND_PLOTS | WEB,
    "download_annotations": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS,
    "download_images": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS,
    "evaluate": NEVER | TABLES_AND_PLOTS | NUMERICS | WEB | TRAINING,
    "evaluate_baselines": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "evaluate_blind": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "evaluate_clips": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "evaluate_intrinsic": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "evaluate_matting": NEVER | TABLES_AND_PLOTS | NUMERICS | WEB | TRAINING,
    "evaluate_realism": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "filter_masks": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS | WEB,
    "fingerprint": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS | WEB | {"pyarrow"},
    "make_trimaps": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS | WEB,
    "name_data": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS | WEB,
    "preprocess_intrinsic": NEVER | TABLES_AND_PLOTS | WEB | TRAINING,
    "report": NEVER | WEB | TRAINING,
    "synthesize_clips": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS | WEB,
    "synthesize_composites": NEVER | NETWORKS | TABLES_AND_PLOTS | NUMERICS,
}


def loaded(code: str) -> set[str]:
    """The modules that a fresh interpreter has after this code."""
    found = subprocess.run(
        [sys.executable, "-c", f"{code}\nimport sys; print('\\n', *sys.modules)"], capture_output=True, text=True, check=True
    )
    return set(found.stdout.splitlines()[-1].split())


@pytest.mark.parametrize("stage", MUST_NOT)
def test_a_stage_loads_nothing_heavy_that_it_does_not_use(stage):
    modules = loaded(f"import stages.{stage}")
    assert f"stages.{stage}" in modules
    assert not modules & MUST_NOT[stage]


def test_a_process_that_computes_statistics_loads_no_networks():
    modules = loaded("import reporting.statistics")
    assert "imharmony.evaluation.measures" in modules
    assert not modules & (NEVER | NETWORKS | TABLES_AND_PLOTS | WEB)


@pytest.mark.parametrize("arguments", [["--help"], ["photo.png"]])
def test_help_and_mistakes_of_the_command_wait_for_nothing(arguments):
    code = f"import sys; sys.argv = ['harmonize', *{arguments}]\nfrom imharmony.cli import main\ntry: main()\nexcept SystemExit: pass"
    modules = loaded(code)
    assert "imharmony.commands.photo" in modules
    assert not modules & {"numpy", "cv2", "PIL", "torch", "scipy", "pyarrow", "onnxruntime", "msgspec"}
