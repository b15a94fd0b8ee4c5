"""What harmonizing needs beside a photograph: the model in the package, an engine, a device, memory."""

import os
import platform
from importlib.metadata import PackageNotFoundError, version
from importlib.resources import as_file, files
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from imharmony.harmonizing.diagnosis import Finding
from imharmony.harmonizing.models import PORTABLE, WEIGHTS
from imharmony.storage.files import sha256_of

ENGINES = ("onnxruntime", "torch")
OTHERS = ("numpy", "opencv-python", "pillow")
CARD = "model_card.md"
INSTALL = "pip install 'imharmony[torch]'"


def machine_facts() -> dict[str, Any]:
    """The starter's files with their SHA-256, the versions of packages, the devices, bytes of free memory (None: unknown)."""
    return {
        "python": platform.python_version(),
        "packages": {name: version_of(name) for name in (*ENGINES, *OTHERS)},
        "devices": devices(),
        "memory_free": memory_free(),
        "starter": starter_files(),
    }


def starter_files() -> dict[str, str]:
    """The starter's files that are there -> their SHA-256; "unreadable" of one that is not."""
    found = {}
    with as_file(files("imharmony").joinpath("starter")) as folder:
        for path in (folder / name for name in (PORTABLE, WEIGHTS)):
            if path.is_file():
                found[path.name] = _hash(path)
    return found


def devices() -> list[str]:
    """Where a model can run: the cpu, and what torch has."""
    if find_spec("torch") is None:
        return ["cpu"]
    try:
        import torch
    except (ImportError, OSError, RuntimeError) as error:
        return ["cpu", f"torch does not load ({' '.join(str(error).split())[:120]})"]
    cards = [f"cuda:{number} ({torch.cuda.get_device_name(number)})" for number in range(_cuda_count(torch))]
    return ["cpu", *cards, *(["mps"] if torch.backends.mps.is_available() else [])]


def memory_free() -> int | None:
    """Bytes that programs can have without paging; None where the system does not say."""
    try:
        with Path("/proc/meminfo").open(encoding="ascii") as lines:
            return next(1024 * int(line.split()[1]) for line in lines if line.startswith("MemAvailable"))
    except (OSError, StopIteration, ValueError):
        pass
    try:
        return os.sysconf("SC_AVPHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, OSError, ValueError):
        return None


def machine_findings(facts: dict[str, Any], *, needed: int) -> list[Finding]:
    """What keeps this machine from harmonizing a photograph that needs so many bytes of memory."""
    return [each for each in (_engine(facts), _starter(facts), _torch(facts), _memory(facts, needed)) if each is not None]


def machine_lines(facts: dict[str, Any]) -> list[str]:
    """The same facts for people."""
    packages = ", ".join(f"{name} {found or 'not installed'}" for name, found in facts["packages"].items())
    memory = "unknown" if facts["memory_free"] is None else f"{facts['memory_free'] / 1e9:.1f} GB"
    starter = ", ".join(f"{name} (SHA-256 {sha[:12]})" for name, sha in facts["starter"].items()) or "none"
    return [
        f"this machine: Python {facts['python']}, {packages}",
        f"devices: {', '.join(facts['devices'])}; free memory: {memory}",
        f"the starter model: {starter}",
    ]


def _engine(facts: dict[str, Any]) -> Finding | None:
    if any(facts["packages"][name] for name in ENGINES):
        return None
    return Finding(
        "wrong", "neither onnxruntime nor torch is installed", "trained models need one of them", f"{INSTALL}, or --model reinhard"
    )


def _starter(facts: dict[str, Any]) -> Finding | None:
    again = "pip install --force-reinstall --no-deps imharmony"
    if not facts["starter"]:
        return Finding("wrong", "the starter model's file is not there", "it is taken where no --model is given", again)
    if "unreadable" in facts["starter"].values():
        return Finding("wrong", "the starter model's file cannot be read", "it is taken where no --model is given", again)
    card = files("imharmony").joinpath("starter", CARD)
    known = card.read_text(encoding="utf-8") if card.is_file() else ""
    sha = facts["starter"].get(WEIGHTS)
    if sha is None or not known or sha in known:
        return None
    why = "it is damaged, or another one, and nobody has measured what it does"
    return Finding("doubt", f"the starter's {WEIGHTS} is not the one of its card", why, again)


def _torch(facts: dict[str, Any]) -> Finding | None:
    broken = next((each for each in facts["devices"] if each.startswith("torch does not load")), None)
    return None if broken is None else Finding("doubt", broken, "models that need it end with an error", INSTALL)


def _memory(facts: dict[str, Any], needed: int) -> Finding | None:
    free = facts["memory_free"]
    if free is None or free >= needed:
        return None
    what = f"about {needed / 1e9:.1f} GB of memory are needed and {free / 1e9:.1f} GB are free"
    return Finding("doubt", what, "the system may become slow or end the program", "close other programs, or take a smaller picture")


def _cuda_count(torch: Any) -> int:
    return torch.cuda.device_count() if torch.cuda.is_available() else 0


def version_of(name: str) -> str | None:
    """Of an installed package; None of one that is absent."""
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _hash(path: Path) -> str:
    try:
        return sha256_of(path)
    except OSError:
        return "unreadable"
