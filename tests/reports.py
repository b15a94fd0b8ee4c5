"""A small run, scored and reported: what the stages read, and what they made of it."""

import json
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
import torch
from ruamel.yaml import YAML

from imharmony.checkpoint import save_harmonizer
from imharmony.composing.instances import DROPPED, SELECTED
from imharmony.composing.manifest import MANIFEST
from imharmony.intrinsic.judging import DECOMPOSITIONS
from imharmony.intrinsic.preprocessing import LIGHTS
from imharmony.networks.harmonizer import build_harmonizer
from imharmony.realism.judging import JUDGED
from imharmony.storage.files import write_text
from imharmony.storage.tables import read_table, write_rows, write_table
from opinion_study.tables import OPINIONS
from pipeline.steps.paths import STUDIES, Places
from stages import evaluate, evaluate_baselines, evaluate_intrinsic, fingerprint, report
from tests.built_once import built_once
from tests.conftest import ROOT

SIZE = 32
IMAGES = 12
DATASETS = ("people", "luminance")
VARIANTS = ("idih", "unet_code")
SEEDS = (0, 1)


def pictures(dataset: str) -> dict[str, np.ndarray]:
    """Smooth pictures with a box brightened by 30."""
    rng = np.random.default_rng(len(dataset))
    real = (rng.integers(60, 160, (IMAGES, 1, 1, 3)) + np.linspace(0, 40, SIZE)[:, None]).astype(np.uint8)
    real = np.broadcast_to(real, (IMAGES, SIZE, SIZE, 3)).copy()
    mask = np.zeros((IMAGES, SIZE, SIZE), np.uint8)
    for index in range(IMAGES):
        mask[index, 8 : 12 + index, 8:24] = 255
    return {"real": real, "mask": mask, "composite": real + 30 * (mask[..., None] > 0).astype(np.uint8)}


def manifest(dataset: str) -> list[dict[str, object]]:
    ratios = pictures(dataset)["mask"].mean((1, 2)) / 255
    return [
        {
            **dict.fromkeys(("sample_id", "transfer_params", "licence"), f"{index // 2}_{index}_0"),
            **{"image_id": index // 2, "annotation_id": index, "dataset": dataset, "split": "test", "category": "person"},
            **{"foreground_ratio": float(ratio), "transfer": "luminance", "delta_e": 5.0, "sha256_mask": f"{index}"},
        }
        for index, ratio in enumerate(ratios)
    ]


def fake_packed(params, places, dataset, split, size_px) -> SimpleNamespace:  # noqa: ARG001
    assert size_px == SIZE
    rows = read_table(places.composites(dataset) / "manifest.parquet").filter(pc.field("split") == split)
    return SimpleNamespace(rows=rows, semi_harmonized=None, **pictures(dataset))


def fake_packed_test(params, places, dataset, split="test") -> SimpleNamespace:
    """The same with the foreground half as bright as the preprocessing leaves it."""
    own = fake_packed(params, places, dataset, split, SIZE)
    own.semi_harmonized = own.real + 15 * (own.mask[..., None] > 0).astype(np.uint8)
    return own


def lights(dataset: str) -> list[dict[str, object]]:
    """Every other foreground's light is trusted, no background's; a composite of train was not looked at, and one left as it was."""
    fitted = {"foreground_ambient": 0.5, "background_ambient": 0.5, "background_r2": 0.0, "background_is_trusted": False}
    rows = [
        {"sample_id": row["sample_id"], "split": "test", "is_relit": False, **fitted}
        | {"foreground_r2": 0.5 * (index % 2), "foreground_is_trusted": index % 2 == 1}
        for index, row in enumerate(manifest(dataset))
    ]
    return [*rows, {"sample_id": "a", "split": "train"}, {"sample_id": "b", "split": "test", "unchanged": "no background"}]


def write_preprocessing(places: Places) -> None:
    """What the stages `train_shading`, `train_edits` and `preprocess_intrinsic` leave, as far as later ones read it."""
    for dataset in DATASETS:
        write_rows(places.intrinsic(dataset) / "lights.parquet", lights(dataset), LIGHTS)
        write_rows(places.intrinsic(dataset) / "manifest.parquet", manifest(dataset), MANIFEST)
    errors = dict.fromkeys(("albedo_si_rmse", "albedo_lmse", "shading_si_rmse", "shading_lmse"), 0.25)
    judged: list[dict[str, object]] = [
        {"way": way, "image_id": image, "light_azimuth_deg": 10.0 * image, "light_is_trusted": image == 1} | errors
        for image in range(4)
        for way in ("luminance", "learned")
    ]
    write_rows(places.preprocessing("shading") / "decompositions.parquet", judged, DECOMPOSITIONS)
    write_text(
        places.preprocessing("edits") / "metrics.json", json.dumps({"examples": 4, "untouched": 900.0, "fitted": 800.0, "learned": 400.0})
    )


def judged() -> list[dict[str, object]]:
    """A judge that knows every real photograph, and one that knows nothing."""
    return [
        {"dataset": dataset, "sample_id": f"{image}", "image_id": image, "is_real": real, "local_emd": 3.0 - real, "combined": 0.5}
        for dataset in DATASETS
        for image in range(IMAGES // 2)
        for real in (True, False)
    ]


def write_params(root: Path) -> None:
    yaml = YAML()
    tree = yaml.load(root / "params.yaml")
    tree |= {"datasets": list(DATASETS), "preprocessed": list(DATASETS), "classifiers": [DATASETS[0]], "decomposers": [DATASETS[0]]}
    tree["judges"] = {"everyday": tree["judges"]["everyday"] | {"datasets": list(DATASETS)}}
    tree |= {"detectors": {}, "blind": {}, "trimaps": [], "matting": {}, "joint": {}, "clips": [], "videos": {}}
    tree["baselines"] = ["identity", "reinhard"]
    tree["seeds"] = list(SEEDS)
    tree["machine"]["workers"] = 1
    tree["studies"] = ["panel"]
    tree["variants"] = list(VARIANTS)
    tree["profiles"]["sample"]["stand_ins"] = {"hcoco": DATASETS[0]}
    tree["profiles"]["sample"]["evaluation"] = {"size_px": SIZE, "lpips": None, "bootstrap": 100, "gallery": 5}
    yaml.dump(tree, Path("params.yaml"))


def write_run(places: Places, variant: str, seed: int) -> None:
    network, mode = ("idih", "eval") if variant == "idih" else ("unet", "train")
    architecture = {"name": network, "width": 4, "size_px": SIZE, "mask_input": True, "paste": False, "inference_mode": mode}
    torch.manual_seed(seed)
    save_harmonizer(places.run(variant, seed) / "model.safetensors", build_harmonizer(**architecture), architecture, {"size_px": str(SIZE)})
    rows = [{"epoch": epoch, "g_loss": 1 / epoch + seed, "d_loss": None, "val_fmse": 90.0 / epoch, "val_psnr": 30.0} for epoch in (1, 2, 3)]
    schema = pa.schema([("epoch", pa.int64()), *((name, pa.float64()) for name in ("g_loss", "d_loss", "val_fmse", "val_psnr"))])
    write_table(places.run(variant, seed) / "history.parquet", pa.Table.from_pylist(rows, schema=schema))


def opinions(mode: str = "rating") -> list[dict[str, object]]:
    """What a panel of three thought of 20 images; of ``lost`` there are no votes."""
    shared = {"study": "somewhere", "mode": mode, "dataset": DATASETS[0], "n_left_out": 2, "n_unfinished": 1}
    shared |= {"alpha_ordinal": 0.5, "alpha_interval": 0.625} if mode == "rating" else {"kendall_u": 0.25}
    score, more = ("mos", {"deviation": 0.75}) if mode == "rating" else ("strength", {"win_rate": 0.5})
    rows = [
        {**shared, "method": method, score: 3.0 + better, "low": 2.5 + better, "high": 3.5 + better, "difference": better, **more}
        | {"difference_low": better - 0.25, "difference_high": better + 0.25, "n_votes": 60, "n_raters": 3, "n_images": 20}
        for method, better in (("composite", 0.0), ("real", 1.5), ("idih", -0.5))
    ]
    return [*rows, {**shared, "method": "lost", "n_votes": 0, "n_raters": 0, "n_images": 0}]


def run_stages() -> None:
    fingerprint.main()
    for baseline in ("identity", "reinhard"):
        evaluate_baselines.main(baseline)
    for variant in VARIANTS:
        evaluate.main(variant)
    evaluate_intrinsic.main(DATASETS[0])
    report.main()


@contextmanager
def inside_run(folder: Path) -> Iterator[None]:
    """The current folder; the run's pictures stand for what would be packed."""
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        patch.setattr("pipeline.steps.scores.packed", fake_packed)
        for module in ("pipeline.steps.scores", "reporting.pictures"):
            patch.setattr(f"{module}.packed_test", fake_packed_test)
        yield


def write_reported(folder: Path) -> None:
    """What the four stages read, and what they make of it."""
    with inside_run(folder):
        write_params(ROOT)
        write_rows(STUDIES / "panel.parquet", opinions(), OPINIONS)
        places = Places("sample")
        for dataset in DATASETS:
            own = [*manifest(dataset), *({**row, "split": "val", "sample_id": f"v{row['sample_id']}"} for row in manifest(dataset))]
            write_rows(places.composites(dataset) / "manifest.parquet", own, MANIFEST)
            write_rows(places.selected(dataset) / "instances.parquet", [{"annotation_id": 1}] * IMAGES, SELECTED)
            write_rows(places.selected(dataset) / "dropped.parquet", [{"reason": "crowd"}] * 3 + [{"reason": "<tiny>"}], DROPPED)
        for variant in VARIANTS:
            for seed in SEEDS:
                write_run(places, variant, seed)
        write_preprocessing(places)
        write_rows(places.realism("everyday", "judged") / "judged.parquet", judged(), JUDGED)
        run_stages()


@contextmanager
def reported(folder: Path, session_folder: Path) -> Iterator[Path]:
    """The folder, the current one meanwhile: a copy of the run that one process of the session has scored and reported."""
    shutil.copytree(built_once(session_folder / "reported", write_reported), folder, dirs_exist_ok=True)
    with inside_run(folder):
        yield folder
