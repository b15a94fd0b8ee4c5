"""The image and the environment take no file that is not pinned, and the image's user is not root."""

import re

import pytest
from ruamel.yaml import YAML

from tests.conftest import ROOT

DOCKERFILE = (ROOT / "Dockerfile").read_text()


def test_the_base_is_pinned_by_its_digest():
    assert all(re.fullmatch(r"\S+@sha256:[0-9a-f]{64}", base) for base in re.findall(r"^FROM (.+)$", DOCKERFILE, re.M))


def test_the_user_is_not_root_from_before_the_command():
    assert re.search(r"^USER (?!root|0)\w+$\n(?:.*\n)*?CMD ", DOCKERFILE, re.M)


@pytest.mark.parametrize("name", ["Dockerfile", "Makefile"])
def test_everything_is_installed_with_its_hash(name):
    text = (ROOT / name).read_text().replace("\\\n", " ")
    installs = [part for line in text.splitlines() for part in line.split("&&") if "pip install" in part]
    assert len(installs) == 3
    assert all("--require-hashes" in part or "--no-deps" in part for part in installs)


def test_uv_is_pinned_with_the_hash_of_each_file():
    lines = [line for line in (ROOT / "requirements-uv.lock").read_text().splitlines() if not line.startswith("#")]
    assert re.fullmatch(r"uv==[\d.]+ \\", lines[0])
    assert all(re.fullmatch(r"    --hash=sha256:[0-9a-f]{64}( \\)?", line) for line in lines[1:])


def test_the_volumes_of_the_container_are_folders_of_its_user():
    tree = YAML(typ="safe").load(ROOT / "prefect-containers.yaml")
    (docker,) = (each for each in tree["deployments"] if each["name"] == "docker")
    for volume in docker["work_pool"]["job_variables"]["volumes"]:
        folder = volume.split(":")[1].removeprefix("/harmonization/")
        assert re.search(rf"mkdir -p .*{re.escape(folder)}.*chown \w+:\w+ .*{re.escape(folder)}", DOCKERFILE)
