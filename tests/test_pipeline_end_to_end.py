"""The whole walk: photographs in, report out; cached, and the same in another clone."""

import asyncio
import re
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import asyncssh
import boto3
import numpy as np
import pytest
from moto.server import ThreadedMotoServer

from imharmony.composing.packed_split import pack_split
from imharmony.pictures.images import encode_png
from imharmony.storage.files import write_bytes
from tests.walk import ALWAYS, own_walk, ran
from tests.workspace import dvc, locked_hashes

pytestmark = pytest.mark.timeout(600)  # a slow machine that does other work needs half of it


@pytest.fixture(scope="module")
def workspace(session_folder, tmp_path_factory) -> Path:
    return own_walk(session_folder, tmp_path_factory.mktemp("own"))


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


def test_the_walk_ends_in_a_report(workspace):
    page = (workspace / "reports" / "index.html").read_text()
    assert "idih" in page
    assert not re.search(r"""(src|href)=["']https?://""", page)


def test_comments_and_another_name_of_a_helper_rerun_nothing_and_leave_the_lock_as_it_is(workspace):
    before = (workspace / "dvc.lock").read_bytes()
    path = workspace / "pipeline" / "steps" / "assembly.py"
    text = path.read_text()
    path.write_text("# A comment.\n" + text.replace("_scaled", "_width_of"))
    assert ran(dvc(workspace, "repro")) == ALWAYS
    assert (workspace / "dvc.lock").read_bytes() == before
    path.write_text(text)


def clone_of(workspace: Path, folder: Path, remote: dict[str, str]) -> Path:
    """Another clone into which DVC pulled what the workspace had pushed to the remote."""
    subprocess.run(["git", "clone", "-q", str(workspace), str(folder)], check=True)
    options = "".join(f"    {name} = {value}\n" for name, value in remote.items())
    for each in (workspace, folder):
        (each / ".dvc" / "config.local").write_text(f"[core]\n    remote = shared\n['remote \"shared\"']\n{options}")
    dvc(workspace, "push")
    dvc(folder, "pull")
    return folder


def outputs(folder: Path) -> dict[str, bytes]:
    """Every file that the lock answers for."""
    paths = [folder / name for name in locked_hashes(folder)]
    files = [file for path in paths for file in ([path] if path.is_file() else path.rglob("*")) if file.is_file()]
    return {str(file.relative_to(folder)): file.read_bytes() for file in files}


@pytest.mark.parametrize("served", ["bucket", "ssh_host"])
def test_another_clone_pulls_every_result_from_a_server(served, workspace, tmp_path, request):
    clone = clone_of(workspace, tmp_path / "clone", request.getfixturevalue(served))
    assert outputs(clone) == outputs(workspace)


def test_another_clone_pulls_every_result_from_a_folder_and_runs_nothing(workspace, tmp_path):
    clone = clone_of(workspace, tmp_path / "clone", {"url": str(tmp_path / "remote")})
    assert outputs(clone) == outputs(workspace)
    assert "reports/index.html" in outputs(clone)
    assert ran(dvc(clone, "repro")) == ALWAYS


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
    said = dvc(workspace, "repro", "--single-item", "import_scores@theirs", check=False)
    assert f"no picture for 1 of {len(pictures)} composites" in said
