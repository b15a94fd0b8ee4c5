"""Stages run the same kernels whatever the processor and whatever the user's variables ask for."""

import os
import platform
import subprocess
import sys

import pytest

from pipeline.steps import kernels
from pipeline.steps.kernels import KERNELS, fix_kernels

# What other processors' kernels would be chosen by; each variable has another value than ours.
OTHERS = {
    "ATEN_CPU_CAPABILITY": "default",
    "ONEDNN_MAX_CPU_ISA": "SSE41",
    "MKL_CBWR": "AVX2",
    "OPENBLAS_CORETYPE": "Nehalem",
    "OPENBLAS_NUM_THREADS": "2",
    "NPY_DISABLE_CPU_FEATURES": "X86_V3 X86_V4 AVX512_ICL AVX512_SPR",
    "OPENCV_CPU_DISABLE": "AVX2",
    "OPENCV_IPP": "avx2",
}
TRAINING = """
import sys
sys.path.insert(0, "")
if "stages" in sys.argv:
    import stages
import hashlib
import cv2
import numpy as np
import torch
from torch import nn
from imharmony.running.roots import root

draw = np.random.Generator(np.random.Philox(0))
pictures = cv2.GaussianBlur(draw.random((48, 48, 24), dtype=np.float32), (0, 0), 1.5)
pictures = cv2.resize(np.exp(np.ascontiguousarray(pictures[..., :3])), (32, 32), interpolation=cv2.INTER_CUBIC)
pictures = pictures + np.tanh(draw.normal(size=(8, 32, 32, 3)).astype(np.float32))
mixing = np.linalg.inv(draw.normal(size=(96, 96)))[:3, :3].astype(np.float32)
x = torch.from_numpy(pictures @ mixing).permute(0, 3, 1, 2).contiguous()
torch.set_num_threads(1)
torch.manual_seed(0)
halving = nn.Conv2d(3, 16, 4, stride=2, padding=1)
net = nn.Sequential(halving, nn.LeakyReLU(0.2), nn.Conv2d(16, 8, 3), nn.Flatten(), nn.Linear(8 * 14 * 14, 64), nn.Linear(64, 10))
weights = list(net.parameters())
means, squares = ([torch.zeros_like(part) for part in weights] for _ in range(2))
adam = {"lr": 1e-2, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.0, "amsgrad": False, "maximize": False}
for step in range(1, 5):  # the kernel of Adam's class, which would import TorchDynamo, seconds each time
    scores = net(x).softmax(1)
    slopes = torch.autograd.grad((root(scores.var(1) + 1e-5) - scores.log()[:, 0]).mean(), weights)
    with torch.no_grad():
        torch._fused_adam_(weights, slopes, means, squares, [], [torch.tensor(float(step)) for _ in weights], **adam)
print(hashlib.sha256(torch.cat([part.detach().flatten() for part in net.parameters()]).numpy().tobytes()).hexdigest())
"""
THREADS = """
import sys
if "stages" in sys.argv:
    import stages
import numpy as np
import scipy.linalg

draw = np.random.Generator(np.random.Philox(0))
first, second, square = draw.random(100_000), draw.random(100_000), draw.random((400, 300))
solved = np.linalg.solve(square.T @ square, first[:300]), scipy.linalg.lstsq(square, first[:400])[0]
print((first @ second).hex(), *(each.tobytes().hex() for each in solved))
"""
REPORT = """
import stages, sys
assert not {"numpy", "torch", "cv2", "scipy", "pandas"} & sys.modules.keys()
import cv2, torch
import numpy._core._multiarray_umath as numpy_core
print(torch.backends.cpu.get_cpu_capability(), numpy_core.__cpu_features__["X86_V4"])
print(cv2.getCPUFeaturesLine().endswith("AVX512-SKX?"), cv2.ipp.useIPP())
"""


def said(root, program: str, *arguments: str, **variables: str) -> str:
    """What a program prints that is run from the repository's root with these variables and none of ours."""
    plain = {name: value for name, value in os.environ.items() if name not in KERNELS}
    done = subprocess.run(
        [sys.executable, "-c", program, *arguments], cwd=root, env=plain | variables, capture_output=True, text=True, check=True
    )
    return done.stdout


@pytest.mark.parametrize(("flags", "disabled"), [("avx2 avx512f avx512dq", "AVX512-SKX"), ("avx2 fma", "")])
def test_ours_replace_what_the_user_has_set(tmp_path, monkeypatch, flags, disabled):
    (tmp_path / "cpuinfo").write_text(f"flags : {flags}\n")
    monkeypatch.setattr(kernels, "PROCESSOR", tmp_path / "cpuinfo")
    environment = {"MKL_CBWR": "AVX2", "OPENCV_CPU_DISABLE": "AVX2", "HOME": "/home/me"}
    fix_kernels(environment)
    assert environment == {**KERNELS, "OPENCV_CPU_DISABLE": disabled, "HOME": "/home/me"}


def test_where_the_system_does_not_say_all_are_set(tmp_path, monkeypatch):
    monkeypatch.setattr(kernels, "PROCESSOR", tmp_path / "absent")
    environment: dict[str, str] = {}
    fix_kernels(environment)
    assert environment == KERNELS


def test_a_training_gives_equal_bytes_whatever_kernels_are_asked_for(root):
    assert said(root, TRAINING, "stages", **OTHERS) == said(root, TRAINING, "stages")


def test_without_the_stages_it_does_not(root):
    assert said(root, TRAINING, **OTHERS) != said(root, TRAINING)


@pytest.mark.parametrize("variable", ["OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"])
def test_sums_and_solutions_have_equal_bytes_whatever_the_number_of_threads(root, variable):
    """OpenBLAS begins no more threads than there are cores: on one core nothing can differ."""
    alone = said(root, THREADS, "stages", **{variable: "1"})
    assert said(root, THREADS, "stages", **{variable: "4"}) == alone


@pytest.mark.skipif(platform.machine() != "x86_64", reason="needs an x86-64 processor")
def test_the_libraries_took_them(root):
    assert said(root, REPORT) == "AVX2 False\nTrue False\n"
