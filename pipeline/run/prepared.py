"""Processes that have loaded libraries, so that a stage, and DVC before it, begin as forks of one and load none of them again."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from pipeline.run.child_processes import LOGS
from pipeline.steps.kernels import fix_kernels
from pipeline.steps.prepared import PREPARED, PREPARED_DVC

LEAST_STAGES = 8  # it takes as long to begin as a few stages
LONGEST_PATH = 100  # bytes, of a Unix socket


class Kind(NamedTuple):
    """What such a process is for."""

    variable: str  # of the environment, by which it is found
    libraries: Sequence[str]
    kernels: bool  # whether those who ask fix their kernels first, and so change the environment that they have in common

    @property
    def log(self) -> Path:
        """Where it says why it is not used."""
        return LOGS / f"{self.variable.removeprefix('HARMONIZATION_').lower()}.log"


# What takes stages long to load. Not pyarrow and so not pandas: it begins a thread.
STAGES = Kind(
    PREPARED,
    (
        *("numpy", "cv2", "torch", "torch._dynamo", "lightning_fabric", "safetensors.torch"),  # an optimiser loads torch._dynamo
        *("scipy.linalg", "scipy.ndimage", "scipy.sparse.linalg", "scipy.spatial", "scipy.special"),
        *("PIL.Image", "cloudpickle", "filelock", "msgspec", "pydantic.main", "pydantic.type_adapter", "ruamel.yaml", "tqdm"),
    ),
    kernels=True,
)
# What `dvc repro` loads, most of it only as it goes on.
DVC = Kind(
    PREPARED_DVC,
    (
        *("dvc.cli.parser", "dvc.data_cloud", "dvc.lock", "dvc.rwlock", "dvc.scm", "dvc.stage.cache", "dvc.utils.strictyaml"),
        *("dvc.repo.artifacts", "dvc.repo.datasets", "dvc.repo.metrics", "dvc.repo.plots", "dvc.repo.reproduce", "dvc.repo.stage"),
        *("pyparsing", "ruamel.yaml", "scmrepo.git.backend.dulwich.client"),
    ),
    kernels=False,
)


@contextmanager
def prepared(kind: Kind, stages: int, environment: Mapping[str, str]) -> Iterator[dict[str, str]]:
    """What one needs beside ``environment`` to find such a process, which lives as long as the block.

    Nothing where fewer ``stages`` may run than it is worth, where the system cannot do it, and where the user has set the variable.
    What begins while it still loads runs by itself.
    """
    if stages < LEAST_STAGES or not hasattr(os, "pidfd_open") or kind.variable in environment:
        yield {}
        return
    with TemporaryDirectory(prefix="harmonization-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "socket"
        if len(os.fsencode(path)) > LONGEST_PATH:
            yield {}
            return
        own = dict(environment)
        if kind.kernels:
            fix_kernels(own)
        LOGS.mkdir(parents=True, exist_ok=True)
        with kind.log.open("wb") as log:
            command = [sys.executable, "-m", "pipeline.run.forks", str(path), *kind.libraries]
            process = subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
        try:
            yield {kind.variable: str(path)}
        finally:
            if not path.exists():  # it still loads
                process.kill()
            process.communicate()  # ends its input, and so itself
