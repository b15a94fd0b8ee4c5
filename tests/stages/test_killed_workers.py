"""A process that is killed in the midst of any sharded stage: one line, and the next start ends in the bytes of an undisturbed run."""

import json
import multiprocessing
import os
import shutil
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from ruamel.yaml import YAML

from imharmony.checkpoint import save_harmonizer
from imharmony.clips import synthesis as clips
from imharmony.composing import packed_split, selection, synthesis
from imharmony.evaluation import parts
from imharmony.intrinsic import preprocessing
from imharmony.matting import composing, stored_trimaps
from imharmony.matting import evaluation as mattes
from imharmony.matting.checkpoint import save_joint, save_matting
from imharmony.running.processes import EndedProcessError
from imharmony.sources import iharmony4, photographs, portraits, studio
from imharmony.sources.studio_portraits import write_studio_portraits
from pipeline.params.file import load_params
from pipeline.steps import matting, scores
from pipeline.steps.clips import packed_clips
from pipeline.steps.packing import packed
from pipeline.steps.paths import MODEL, PRETRAINED, Places
from pipeline.steps.portraits import packed_portraits, packed_things
from stages import (
    compose_portraits,
    download_annotations,
    download_images,
    evaluate,
    evaluate_baselines,
    evaluate_clips,
    evaluate_intrinsic,
    evaluate_matting,
    filter_masks,
    make_trimaps,
    preprocess_intrinsic,
    synthesize_clips,
    synthesize_composites,
)
from tests.conftest import ROOT
from tests.datasets import scene, write_subset
from tests.imharmony.blind.pictures import ARCHITECTURE, harmonizer_of
from tests.imharmony.matting import scenes
from tests.noted_jobs import Log
from tests.workspace import give_fingerprints, shrink

PLACES = Places("sample")
SIZE = 32
IMPORTED = {"train": range(1, 13), "test": range(20, 22)}  # photographs
KEPT = ".work"  # what a killed stage leaves
SMALL: dict[Any, dict[str, int]] = {
    studio: {"SCENES_PER_SHARD": 8},
    portraits: {"SHARD_BYTES": 20_000},
    selection: {"CHUNK": 8, "WORTH_PROCESSES": 0},
    photographs: {"PHOTOGRAPHS_PER_JOB": 4, "WORTH_A_PROCESS": 1, "SHARD_BYTES": 10_000},
    synthesis: {"PHOTOGRAPHS_PER_SHARD": 4},
    preprocessing: {"LEAST_EACH": 1},
    packed_split: {"ROWS_PER_PIECE": 2, "WORTH_A_PROCESS": 1},
    clips: {"CLIPS_PER_SHARD": 2},
    parts: {"PICTURES_PER_PART": 4, "FOREGROUNDS_PER_PART": 3},
    scores: {"WORTH_A_PROCESS": 1},
    stored_trimaps: {"PER_SHARD": 2},
    composing: {"PORTRAITS_PER_PART": 1},
    mattes: {"PORTRAITS_PER_PART": 1},
    iharmony4: {"PHOTOGRAPHS_PER_SHARD": 2},
    **{stage: {"WORTH_A_PROCESS": 1} for stage in (make_trimaps, compose_portraits, evaluate_matting, evaluate_clips)},
}


def pack_composites() -> None:
    packed(load_params(), PLACES, "people", "train", SIZE)


def pack_portraits() -> None:
    packed_portraits(load_params(), PLACES, "hmh", "test", with_trimaps=True)


def pack_clips() -> None:
    packed_clips(load_params(), PLACES, "people", "train")


def pack_things() -> None:
    packed_things(load_params(), PLACES, 0)


def import_published() -> None:
    iharmony4.import_iharmony4(Path("published"), Path("imported"), subset="HCOCO", val=0.3, workers=load_params().machine.processes)


class Stage(NamedTuple):
    """What is run, which of its jobs is deadly, whether finished jobs are kept, and what it makes (in ``.work`` if nowhere else)."""

    run: Callable[[], object]
    deadly: int
    is_kept: bool
    outs: tuple[Path, ...]


def score_outs(method: str) -> tuple[Path, ...]:
    return tuple(make(method, 0) for make in (PLACES.scores, PLACES.controls, PLACES.validation))


# In this order: whoever scores finds what is packed, until the packings are tried. `evaluate_published` scores as `evaluate` does.
STAGES = {
    "studio": Stage(lambda: download_annotations.main("photographs"), 3, False, (PLACES.source("photographs"),)),
    "portraits": Stage(lambda: download_annotations.main("portraits"), 3, True, (PLACES.source("portraits"),)),
    "filter_masks": Stage(lambda: filter_masks.main("people"), 3, False, (PLACES.selected("people"),)),
    "download_images": Stage(lambda: download_images.main("people"), 6, False, (PLACES.images("people"),)),
    "synthesize_composites": Stage(lambda: synthesize_composites.main("people"), 7, True, (PLACES.composites("people"),)),
    "synthesize_clips": Stage(lambda: synthesize_clips.main("people"), 3, True, (PLACES.clips("people"),)),
    "preprocess_intrinsic": Stage(lambda: preprocess_intrinsic.main("people"), 3, True, (PLACES.intrinsic("people"),)),
    "evaluate": Stage(lambda: evaluate.main("idih"), 4, True, score_outs("idih")),
    "evaluate_baselines": Stage(lambda: evaluate_baselines.main("identity"), 4, True, score_outs("identity")),
    "evaluate_intrinsic": Stage(lambda: evaluate_intrinsic.main("people"), 2, True, score_outs("intrinsic")),
    "evaluate_clips": Stage(lambda: evaluate_clips.main("people"), 2, False, (PLACES.judged_clips("people"),)),
    "import": Stage(import_published, 2, False, (Path("imported"),)),
    "make_trimaps": Stage(lambda: make_trimaps.main("hmh"), 4, True, (PLACES.trimaps("hmh"),)),
    "evaluate_matting": Stage(lambda: evaluate_matting.main("hmh"), 2, False, (PLACES.mattes("hmh", "judged"),)),
    "compose_portraits": Stage(lambda: compose_portraits.main("hmh"), 2, True, (PLACES.mattes("hmh", "composed"),)),
    "packing": Stage(pack_composites, 3, False, (Path(KEPT, "pack"),)),
    "packing portraits": Stage(pack_portraits, 1, False, (Path(KEPT, "portraits"),)),
    "packing clips": Stage(pack_clips, 2, False, (Path(KEPT, "pack_clips"),)),
    "packing things": Stage(pack_things, 3, False, (Path(KEPT, "things"),)),
}


@pytest.fixture(scope="module")
def workspace(tmp_path_factory) -> Iterator[Path]:
    """What all stages read, and what undisturbed they make of it."""
    folder = tmp_path_factory.mktemp("workspace")
    write_studio_portraits(folder / "archive", portraits=16, width_px=60, height_px=80, seed=0, workers=1)
    shutil.copy(ROOT / "params.yaml", folder)
    shrink(folder / "params.yaml")
    (folder / "params.yaml").write_text(json.dumps(small(YAML(typ="safe").load(folder / "params.yaml"), folder / "archive")))
    forked = multiprocessing.get_context("forkserver")
    forked.set_forkserver_preload(["stages.evaluate", "imharmony.matting.portraits", "imharmony.matting.things"])
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(multiprocessing, "get_context", lambda _: forked)  # each process would import for seconds
        patch.chdir(folder)
        for module, values in SMALL.items():
            for name, value in values.items():
                patch.setattr(module, name, value)
        give_fingerprints(folder)
        patch.setattr(matting, "reason_without", lambda: "PyMatting compiles for a minute")
        write_networks()
        pictures = {split: {f"c{place}": scene(place) for place in places} for split, places in IMPORTED.items()}
        write_subset(Path("published"), "HCOCO", pictures)
        for stage in ("studio", "portraits"):
            STAGES[stage].run()
        for stage in (filter_masks, download_images, synthesize_composites, preprocess_intrinsic):
            stage.main("hmh")
        for name, stage in STAGES.items():
            if not name.startswith(("studio", "portraits", "packing")):
                stage.run()
        yield folder


def write_networks() -> None:
    """Whatever is scored and composes, before its training."""
    save_harmonizer(PLACES.run("idih", 0) / MODEL, harmonizer_of(), ARCHITECTURE, {"size_px": str(SIZE)})
    for file in (PRETRAINED, MODEL):
        save_matting(PLACES.matting("indexnet") / file, scenes.network_of(), scenes.SMALL, size_px=SIZE, metadata={})
    built = {"matting": scenes.SMALL, "harmonizer": scenes.OF_HARMONIZER}
    save_joint(PLACES.joint("together") / MODEL, scenes.system_of(), **built, size_px=SIZE, metadata={})


def small(params: dict[str, Any], archive: Path) -> dict[str, Any]:
    networks = YAML(typ="safe").load(ROOT / "params.yaml")
    params |= {
        "sources": ["photographs", "portraits"],
        "datasets": ["people", "hmh"],
        "variants": ["idih"],
        "preprocessed": ["people", "hmh"],
    }
    params |= {"trimaps": ["hmh"], "clips": ["people"], "classifiers": [], "decomposers": ["people"]}
    params["catalogue"]["idih"]["dataset"] = "hmh"
    params |= {"matting": {"indexnet": networks["matting"]["indexnet"]}, "joint": {"together": networks["joint"]["together"]}}
    params["joint"]["together"]["harmonizer"] = "idih"
    sample = params["profiles"]["sample"]
    source = {"kind": "matting_human", "archive": str(archive), "at_least": 1, "attempts": 1, "timeout_seconds": 1}
    sample["sources"] |= {"portraits": source}
    sample["datasets"]["hmh"] = {"selection": {"min_side_px": 12}, "synthesis": {"limits": None}}
    sample["datasets"]["hmh"]["split"] = {"by": "hash", "val": 0.3, "test": 0.3}
    sample["intrinsic"] |= {"backend": "luminance", "edits": "fitted"}
    sample["matting"] |= {"things": 4, "places": 3, "composed": 4}
    sample["clips"] = {"epochs": 1, "rules": {"frames": 3, "moved": {"train": 5, "val": 2, "test": 3}, "lit": {"test": 2}}}
    return params


def content(paths: Iterable[Path]) -> dict[str, bytes]:
    """Every file's bytes by its name, but for locks and what is noted of folders."""
    files = [path for out in paths for path in (out.rglob("*") if out.is_dir() else [out])]
    return {str(path): path.read_bytes() for path in files if path.is_file() and (path.suffix == ".npy" or not {KEPT} & {*path.parts})}


def remove(paths: Iterable[Path]) -> None:
    for path in paths:
        shutil.rmtree(path) if path.is_dir() else path.unlink(missing_ok=True)


def use_processes(count: int) -> None:
    tree = json.loads(Path("params.yaml").read_text())
    tree["machine"]["workers"] = count
    Path("params.yaml").write_text(json.dumps(tree))


@pytest.mark.usefixtures("workspace")
@pytest.mark.parametrize("name", STAGES)
def test_a_killed_process_costs_what_it_was_doing(name, tmp_path, monkeypatch):
    monkeypatch.setattr(os, "cpu_count", lambda: 2)
    stage = STAGES[name]
    if name.startswith("packing"):  # of which there is more than this
        remove(stage.outs)
        stage.run()
    undisturbed = content(stage.outs)
    assert undisturbed
    remove(stage.outs)
    use_processes(2)
    first = Log(tmp_path / "first", monkeypatch, deadly=stage.deadly)
    with pytest.raises(EndedProcessError, match=r"was ended from outside.*start again"):
        stage.run()
    monkeypatch.undo()
    use_processes(1)
    with pytest.MonkeyPatch.context() as patch:
        second = Log(tmp_path / "second", patch, deadly=None)
        stage.run()
    assert content(stage.outs) == undisturbed
    if stage.is_kept:
        assert first.jobs("done")
        assert not first.jobs("done") & second.jobs("begun")
        assert first.jobs("killed") <= second.jobs("begun")
        assert first.jobs("killed")
