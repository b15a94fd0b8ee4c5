"""The environment of a process that a user starts: without what stages set in this one, of which OpenCV complains on some processors."""

import os

from pipeline.steps.kernels import KERNELS


def users_environment() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if name not in KERNELS}
