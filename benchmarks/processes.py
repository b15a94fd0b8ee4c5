"""A process and all that it started."""

import psutil


def tree_of(pid: int) -> list[psutil.Process]:
    """The process and all below it; none where it has ended. Those that are given may end at any time (``psutil.Error``)."""
    try:
        first = psutil.Process(pid)
        return [first, *first.children(recursive=True)]
    except psutil.Error:
        return []
