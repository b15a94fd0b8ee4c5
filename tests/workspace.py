"""A small copy of the project in which the whole pipeline runs within a minute."""

import contextlib
import functools
import io
import os
import subprocess
import sys
from pathlib import Path

from ruamel.yaml import YAML

from pipeline.run import copies
from pipeline.run.lock_file import hashes
from stages import download_annotations, download_images, filter_masks, fingerprint, synthesize_composites

ROOT = Path(__file__).resolve().parent.parent


def copy_project(target: Path) -> Path:
    """The project's files, git's untracked ones included, as a new repository with a tiny sample profile."""
    copies.copy_project(ROOT, target, leave_out=["dvc.lock"])
    shrink(target / "params.yaml")
    copies.commit_copy(target)
    return target


def run_data_stages(source: str, dataset: str) -> None:
    """Follows the code, lists, selects, fetches and composes, in this process and folder."""
    fingerprint.main()
    download_annotations.main(source)
    filter_masks.main(dataset)
    download_images.main(dataset)
    synthesize_composites.main(dataset)


def shrink(path: Path) -> None:
    """Two variants of three, one data set which stands in for that of the second, few scenes, little pictures, two epochs.

    Its foregrounds are things of every kind, for the classifier to tell apart.
    """
    path.write_text(_shrunk(path.read_text()))


@functools.cache
def _shrunk(text: str) -> str:
    yaml, shrunk = YAML(), io.StringIO()
    params = yaml.load(text)
    params.update({"sources": ["photographs"], "datasets": ["people"], "baselines": ["identity"]})
    params["machine"].update(workers=1)  # another process costs seconds
    params.update({"preprocessed": ["people"], "decomposers": ["people"], "classifiers": ["people"], "judges": {}})
    params.update({"detectors": {}, "blind": {}, "trimaps": [], "matting": {}, "joint": {}, "clips": [], "videos": {}})
    params["variants"] = ["unet", "idih"]
    params["catalogue"] = {name: params["catalogue"][name] for name in ("unet", "idih", "affine")}
    params["catalogue"]["idih"].update(epochs_factor=1.0)
    sample = params["profiles"]["sample"]
    sample["sources"]["photographs"].update(scenes=40, width_px=96, height_px=72)
    sample["datasets"]["people"]["selection"].update(min_side_px=4, categories=None)
    params["classifier"].update(width=4, size_px=16, epochs=1)
    sample["stand_ins"] = {"hcoco": "people", "hflickr": "people"}
    sample["training"].update(size_px=32, width_factor=0.0625, batch_size=4, epochs=2)
    sample["intrinsic"]["shading_network"].update(scenes=12, steps=2, batch_size=2)
    sample["intrinsic"]["edit_network"].update(examples=10, steps=2, batch_size=2)
    sample["evaluation"].update(size_px=32, bootstrap=100, gallery=2)
    yaml.dump(params, shrunk)
    return shrunk.getvalue()


def give_fingerprints(folder: Path) -> None:
    """What the stage `fingerprint` leaves, and with it what stands for no backbone."""
    with contextlib.chdir(folder):
        fingerprint.main()


def environment(home: Path) -> dict[str, str]:
    """The environment for DVC in a test: this interpreter first, a site cache of its own, nothing sent anywhere."""
    return os.environ | {
        "PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}",
        "DVC_SITE_CACHE_DIR": str(home),
        "DVC_NO_ANALYTICS": "1",
        "GIT_AUTHOR_NAME": "t",
        "GIT_AUTHOR_EMAIL": "t@t",
        "GIT_COMMITTER_NAME": "t",
        "GIT_COMMITTER_EMAIL": "t@t",
        "OMP_NUM_THREADS": "1",
    }


def dvc(workspace: Path, *arguments: str, check: bool = True) -> str:
    """Runs one DVC command in the workspace and returns what it printed."""
    command = [sys.executable, "-m", "dvc", *arguments]
    done = subprocess.run(command, cwd=workspace, env=environment(workspace / ".home"), capture_output=True, text=True, timeout=600)
    if check and done.returncode:
        raise AssertionError(f"dvc {' '.join(arguments)} exited with {done.returncode}\n{done.stdout[-3000:]}\n{done.stderr[-3000:]}")
    return done.stdout + done.stderr


def locked_hashes(workspace: Path) -> dict[str, str]:
    """The hash of every output in dvc.lock."""
    return hashes(workspace / "dvc.lock")
