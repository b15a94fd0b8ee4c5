"""What of onnxruntime-web a page needs: from npm's registry, or from a package that is already here. Every byte is checked."""

import base64
import hashlib
import shutil
import subprocess
import tarfile
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

from imharmony.errors import InputError

PACKAGE = "onnxruntime-web"
VERSION = "1.30.0"
ARCHIVE = f"{PACKAGE}-{VERSION}.tgz"
ADDRESS = f"https://registry.npmjs.org/{PACKAGE}/-/{ARCHIVE}"
INTEGRITY = "sha512-q0y+JrrtukXSzsBWEMccVfqX25LRmosXHF+CaRJmg8pZClzcV7svNc4rKY3jL02Vb7QmRMDs1SigqR4CXAfKYQ=="  # npm's, of the archive
INSTEAD = f"fetch {ADDRESS} ({INTEGRITY}) on another machine and name it by --runtime"
PATIENCE_S = 600


class Part(NamedTuple):
    """A file of the package, and its SHA-256."""

    place: str
    sha256: str


# By the names that the page knows them by: not every server knows what .mjs is.
PARTS: Mapping[str, Part] = {
    "ort.js": Part("dist/ort.wasm.bundle.min.mjs", "11e64bd8ffe11bd1a2a2f0d6275fdfbbba7262f0b76b99b53d228a8a22ef3d90"),
    "ort.wasm": Part("dist/ort-wasm-simd-threaded.wasm", "3398c10d07d229bd91b364548e130e0e51a8e5704b88c7c083ebbeb78842dee2"),
}


def runtime_files(given: Path | None) -> dict[str, bytes]:
    """The runtime's files by name; ``given`` is an archive of the package or its folder, None fetches it."""
    if given is None:
        with tempfile.TemporaryDirectory() as folder:
            return runtime_files(fetched(Path(folder)))
    found = _of_folder(given) if given.is_dir() else _of_archive(given)
    for name, data in found.items():
        if hashlib.sha256(data).hexdigest() != PARTS[name].sha256:
            raise InputError(f"{given}: its {PARTS[name].place} is not that of {PACKAGE} {VERSION}; {INSTEAD}")
    return found


def fetched(folder: Path) -> Path:
    """The package's archive, by npm, in a folder that is there."""
    npm = shutil.which("npm")
    if npm is None:
        raise InputError(f"npm is not installed; expected it for the page's runtime; {INSTEAD}")
    command = [npm, "pack", f"{PACKAGE}@{VERSION}", "--pack-destination", str(folder), "--silent"]
    try:
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=PATIENCE_S, stdin=subprocess.DEVNULL)
    except subprocess.TimeoutExpired as error:
        raise InputError(f"npm has not fetched {PACKAGE} {VERSION} in {PATIENCE_S} s; try again, or {INSTEAD}") from error
    if done.returncode != 0:
        said = next((line for line in done.stderr.splitlines() if line.strip()), f"exit status {done.returncode}")
        raise InputError(f"npm cannot fetch {PACKAGE} {VERSION} ({said.strip()[:200]}); check the network, or {INSTEAD}")
    return folder / ARCHIVE


def _of_folder(folder: Path) -> dict[str, bytes]:
    root = folder if (folder / "dist").is_dir() else folder / "package"
    try:
        return {name: (root / part.place).read_bytes() for name, part in PARTS.items()}
    except FileNotFoundError as error:
        raise InputError(f"{error.filename}: no such file; expected the unpacked {PACKAGE} {VERSION}; {INSTEAD}") from error


def _of_archive(path: Path) -> dict[str, bytes]:
    try:
        with path.open("rb") as file:
            digest = hashlib.file_digest(file, "sha512").digest()
    except FileNotFoundError as error:
        raise InputError(f"{path}: no such file; expected {ARCHIVE} or its folder; {INSTEAD}") from error
    came = f"sha512-{base64.b64encode(digest).decode()}"
    if came != INTEGRITY:
        raise InputError(f"{path}: {came}; expected {INTEGRITY} of {PACKAGE} {VERSION}; fetch {ADDRESS} again")
    with tarfile.open(path) as archive:
        return {name: _member(archive, part.place) for name, part in PARTS.items()}


def _member(archive: tarfile.TarFile, place: str) -> bytes:
    file = archive.extractfile(f"package/{place}")
    assert file is not None  # the archive is the one that we know
    with file:
        return file.read()
