"""The whole walk: photographs in, report out; cached, comparable, and the same after a kill."""

import asyncio
import csv
import io
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator

import asyncssh
import boto3
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

from imharmony.composing.packed_split import pack_split
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from tests.workspace import copy_project, dvc, environment, locked_hashes

pytestmark = pytest.mark.timeout(600)  # a slow machine that does other work needs half of it


@pytest.fixture(scope="module")
def workspace(tmp_path_factory):
    folder = copy_project(tmp_path_factory.mktemp("walk"))
    dvc(folder, "repro")
    for command in (["add", "-A"], ["commit", "-q", "-m", "ran"]):
        subprocess.run(["git", *command], cwd=folder, env=environment(folder / ".home"), check=True)
    return folder


@pytest.fixture
def bucket() -> Iterator[dict[str, str]]:
    """DVC's options for a bucket of a server that speaks S3's protocol."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    host, port = server.get_host_and_port()
    endpoint, key = f"http://{host}:{port}", "any"
    boto3.client("s3", endpoint_url=endpoint, region_name="us-east-1", aws_access_key_id=key, aws_secret_access_key=key).create_bucket(
        Bucket="imharmony"
    )
    yield {"url": "s3://imharmony/cache", "endpointurl": endpoint, "access_key_id": key, "secret_access_key": key}
    server.stop()


@pytest.fixture
def ssh_host(tmp_path) -> Iterator[dict[str, str]]:
    """DVC's options for a folder of a server that speaks SSH's protocol for files, and lets one key in."""
    keys = {name: asyncssh.generate_private_key("ssh-ed25519") for name in ("host", "user")}
    keys["user"].write_private_key(tmp_path / "user")
    keys["user"].write_public_key(tmp_path / "authorized")
    options = {"server_host_keys": [keys["host"]], "authorized_client_keys": str(tmp_path / "authorized"), "sftp_factory": True}
    loop = asyncio.new_event_loop()
    thread = threading.Thread(target=loop.run_forever)
    thread.start()

    async def begin() -> asyncssh.SSHAcceptor:
        return await asyncssh.listen("127.0.0.1", 0, **options)

    async def end(server: asyncssh.SSHAcceptor) -> None:
        server.close()
        await server.wait_closed()

    server = asyncio.run_coroutine_threadsafe(begin(), loop).result(timeout=60)
    yield {"url": f"ssh://anyone@127.0.0.1:{server.get_port()}{tmp_path / 'remote'}", "keyfile": str(tmp_path / "user")}
    asyncio.run_coroutine_threadsafe(end(server), loop).result(timeout=60)
    loop.call_soon_threadsafe(loop.stop)
    thread.join()
    loop.close()


ALWAYS = {"fingerprint"}  # says what each cell depends on, every time


def ran(output: str) -> set[str]:
    return set(re.findall(r"Running stage '([^']+)'", output))


def test_the_walk_ends_in_a_report(workspace):
    page = (workspace / "reports" / "index.html").read_text()
    assert "idih" in page
    assert not re.search(r"""(src|href)=["']https?://""", page)


def test_a_second_run_runs_nothing(workspace):
    assert ran(dvc(workspace, "repro")) == ALWAYS


def test_comments_and_another_name_of_a_helper_rerun_nothing_and_leave_the_lock_as_it_is(workspace):
    before = (workspace / "dvc.lock").read_bytes()
    path = workspace / "pipeline" / "steps" / "assembly.py"
    text = path.read_text()
    path.write_text("# A comment.\n" + text.replace("_scaled", "_width_of"))
    assert ran(dvc(workspace, "repro")) == ALWAYS
    assert (workspace / "dvc.lock").read_bytes() == before
    path.write_text(text)


@pytest.mark.parametrize("kind", ["folder", "s3", "ssh"])
def test_another_clone_pulls_the_report_and_runs_nothing(kind, workspace, tmp_path, request):
    clone, remote = tmp_path / "clone", f"{kind}-remote"
    served = {"s3": "bucket", "ssh": "ssh_host"}
    where = request.getfixturevalue(served[kind]) if kind in served else {"url": str(tmp_path / "remote")}
    subprocess.run(["git", "clone", "-q", str(workspace), str(clone)], check=True)
    for folder in (workspace, clone):
        dvc(folder, "remote", "add", "--quiet", "--local", "--default", remote, where["url"])
        for option in where.keys() - {"url"}:
            dvc(folder, "remote", "modify", "--local", remote, option, where[option])
    dvc(workspace, "push")
    dvc(clone, "pull")
    assert (clone / "reports" / "index.html").read_bytes() == (workspace / "reports" / "index.html").read_bytes()
    assert ran(dvc(clone, "repro")) == ALWAYS


def test_an_experiment_retrains_and_rescores_one_variant_only(workspace):
    before = locked_hashes(workspace)
    output = dvc(workspace, "exp", "run", "-n", "heavier", "-S", "catalogue.unet.losses.l1=10")
    assert ran(output) == ALWAYS | {"train@unet", "evaluate@unet", "report"}
    after = locked_hashes(workspace)
    assert after["runs/sample/unet"] != before["runs/sample/unet"]
    assert after["runs/sample/idih"] == before["runs/sample/idih"]
    assert after["scores/sample/idih"] == before["scores/sample/idih"]
    shown = list(csv.DictReader(io.StringIO(dvc(workspace, "exp", "show", "--csv").split("\r\n\r\n")[0])))
    experiment = next(row for row in shown if row["Experiment"] == "heavier")
    assert float(experiment["catalogue.unet.losses.l1"]) == 10
    assert "catalogue.unet.losses.l1" in dvc(workspace, "exp", "diff")


def test_a_variant_that_is_added_to_the_list_is_trained_and_scored_alone(workspace):
    output = dvc(workspace, "exp", "run", "-n", "more", "-S", "variants=[unet,idih,affine]")
    assert ran(output) == ALWAYS | {"train@affine", "evaluate@affine", "report"}


def test_another_classifier_trains_no_variant_that_compares_no_features(workspace):
    output = dvc(workspace, "exp", "run", "-n", "classifier", "-S", "classifier.epochs=2")
    assert ran(output) == ALWAYS | {"train_classifier@people", "name_data"}


def test_other_semi_harmonized_pictures_train_no_variant_that_is_given_composites(workspace):
    output = dvc(workspace, "exp", "run", "-n", "semi", "-S", "defaults.intrinsic.edits=fitted")
    stages = {"train_edits@people", "preprocess_intrinsic@people", "name_data", "evaluate_intrinsic@people", "report"}
    assert ran(output) == ALWAYS | stages


def killed_when(folder, has_happened) -> None:
    """Starts `dvc repro` and kills its whole process group as soon as something has happened in the workspace."""
    command = [sys.executable, "-m", "dvc", "repro"]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    process = subprocess.Popen(command, cwd=folder, env=environment(folder / ".home"), start_new_session=True, **quiet)
    while not has_happened(folder):
        assert process.poll() is None, "the run ended before it could be killed"
        time.sleep(0.02)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()


MOMENTS = {
    "photographs are being drawn": lambda folder: (folder / "data" / "sample" / "sources").exists(),
    "an epoch of the first training is stored": lambda folder: any((folder / ".work" / "train").glob("*/state.pt")),
    "the first harmonizer is being scored": lambda folder: any((folder / "runs" / "sample").glob("*/0/model.safetensors")),
}


def test_a_killed_run_ends_in_the_same_hashes(workspace, tmp_path):
    folder = copy_project(tmp_path / "killed")
    for has_happened in MOMENTS.values():
        killed_when(folder, has_happened)
    dvc(folder, "repro")
    undisturbed = subprocess.run(["git", "show", "HEAD:dvc.lock"], cwd=workspace, capture_output=True, text=True, check=True).stdout
    (tmp_path / "dvc.lock").write_text(undisturbed)
    assert locked_hashes(folder) == locked_hashes(tmp_path)


def test_results_from_elsewhere_are_scored_and_reported_when_they_change_and_nothing_else_runs(workspace, tmp_path):
    packed = pack_split(workspace / "data/sample/composites/people", tmp_path, split="test", size_px=32)
    pictures = [workspace / "results" / "png" / f"{sample}.png" for sample in packed.rows["sample_id"].to_pylist()]
    for path, composite in zip(pictures, packed.composite, strict=True):
        write_bytes(path, encode_png(np.array(composite)))
    params = (workspace / "params.yaml").read_text()
    entry = "imported: {theirs: {folder: results, outputs: {people: png}}}"
    (workspace / "params.yaml").write_text(params.replace("imported: {}", entry))
    assert ran(dvc(workspace, "repro")) == ALWAYS | {"import_scores@theirs", "report"}
    write_bytes(pictures[0], encode_png(255 - np.array(packed.composite[0])))
    assert ran(dvc(workspace, "repro")) == ALWAYS | {"import_scores@theirs", "report"}
    assert ran(dvc(workspace, "repro")) == ALWAYS
    pictures[0].unlink()
    assert f"no picture for 1 of {len(pictures)} composites" in dvc(workspace, "repro", check=False)
