"""How many networks run at once: one per GPU, or as many as the cores have threads for."""

import shutil

import pytest

from pipeline.params.file import load_params
from pipeline.run.slots import Gpus, capacities, gpus_here
from tests.conftest import ROOT


@pytest.fixture
def params(tmp_path, monkeypatch):
    shutil.copy(ROOT / "params.yaml", tmp_path)
    monkeypatch.chdir(tmp_path)
    return load_params()


def with_changes(params, *, threads=1, device="auto"):
    profiles = {params.profile: params.active.model_copy(update={"threads": threads})}
    return params.model_copy(update={"profiles": profiles, "machine": params.machine.model_copy(update={"device": device})})


@pytest.mark.parametrize(
    ("threads", "gpus", "device", "networks"),
    [(1, 0, "auto", 8), (2, 0, "auto", 4), (3, 0, "auto", 2), (0, 0, "auto", 1), (16, 0, "auto", 1), (1, 2, "auto", 2), (1, 2, "cpu", 8)],
)
def test_networks_at_once(threads, gpus, device, networks, params):
    changed = with_changes(params, threads=threads, device=device)
    assert capacities(changed, jobs=8, cores=8, gpus=gpus) == {"cpu": 8, "network": 8, "gpu": networks}


def test_jobs_bound_them_all(params):
    assert capacities(with_changes(params), jobs=2, cores=64, gpus=4) == {"cpu": 2, "network": 2, "gpu": 2}


def test_the_users_choice_of_gpus_counts():
    assert gpus_here({"CUDA_VISIBLE_DEVICES": "2,5"}) == ["2", "5"]
    assert gpus_here({"CUDA_VISIBLE_DEVICES": ""}) == []
    assert gpus_here({"CUDA_VISIBLE_DEVICES": "-1"}) == []


def test_gpus_are_those_that_the_driver_lists(tmp_path, monkeypatch):
    driver = tmp_path / "nvidia-smi"
    driver.write_text("#!/bin/sh\necho 'GPU 0: one'\necho 'GPU 1: two'\n")
    driver.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
    assert gpus_here({}) == ["0", "1"]
    driver.write_text("#!/bin/sh\nexit 9\n")
    assert gpus_here({}) == []
    monkeypatch.setenv("PATH", "")
    assert gpus_here({}) == []


def test_each_gets_a_gpu_of_its_own():
    gpus = Gpus(["2", "5"])
    first, second = gpus.take(), gpus.take()
    assert [first, second] == [{"CUDA_VISIBLE_DEVICES": "2"}, {"CUDA_VISIBLE_DEVICES": "5"}]
    gpus.give_back(first)
    assert gpus.take() == first


def test_without_gpus_nothing_is_hidden():
    gpus = Gpus([])
    assert gpus.take() == {}
    gpus.give_back({})
    assert gpus.take() == {}
