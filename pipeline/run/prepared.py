"""A process that has loaded the libraries of stages, so that a stage begins as a fork of it and loads none of them again."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from pipeline.steps.kernels import fix_kernels
from pipeline.steps.prepared import PREPARED

LEAST_STAGES = 8  # it takes as long to begin as a few stages
LONGEST_PATH = 100  # bytes, of a Unix socket
LOG = Path(".work/logs/prepared.log")
# What takes stages long to load. Not pyarrow and so not pandas: it begins a thread.
LIBRARIES = (
    *("numpy", "cv2", "torch", "torch._dynamo", "lightning_fabric", "safetensors.torch"),  # an optimiser loads torch._dynamo
    *("scipy.linalg", "scipy.ndimage", "scipy.sparse.linalg", "scipy.spatial", "scipy.special"),
    *("PIL.Image", "cloudpickle", "filelock", "msgspec", "pydantic.main", "pydantic.type_adapter", "ruamel.yaml", "tqdm"),
)


@contextmanager
def prepared(stages: int, environment: Mapping[str, str], *, libraries: Sequence[str] = LIBRARIES) -> Iterator[dict[str, str]]:
    """What a stage needs beside ``environment`` to find such a process, which lives as long as the block.

    Nothing where fewer ``stages`` may run than it is worth, where the system cannot do it, and where the user has set the variable.
    A stage that begins while it still loads runs by itself.
    """
    if stages < LEAST_STAGES or not hasattr(os, "pidfd_open") or PREPARED in environment:
        yield {}
        return
    with TemporaryDirectory(prefix="harmonization-", ignore_cleanup_errors=True) as folder:
        path = Path(folder) / "socket"
        if len(os.fsencode(path)) > LONGEST_PATH:
            yield {}
            return
        own = dict(environment)
        fix_kernels(own)
        LOG.parent.mkdir(parents=True, exist_ok=True)
        with LOG.open("wb") as log:
            command = [sys.executable, "-m", "pipeline.run.forks", str(path), *libraries]
            process = subprocess.Popen(command, env=own, stdin=subprocess.PIPE, stdout=log, stderr=log, start_new_session=True)
        try:
            yield {PREPARED: str(path)}
        finally:
            if not path.exists():  # it still loads
                process.kill()
            process.communicate()  # ends its input, and so itself
