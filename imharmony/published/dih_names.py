"""Names in the checkpoint of iHarmony4's DIH, with dots where TensorFlow's have slashes; ours -> theirs."""

from collections.abc import Iterator

from imharmony.networks.dih import DEEPEST


def dih_names() -> dict[str, str]:
    """Of DIH without semantics."""
    return dict(_dih_names())


def _dih_names() -> Iterator[tuple[str, str]]:
    for level in range(DEEPEST):
        up = f"deconv{DEEPEST - 1 - level}-h"
        yield f"encoder.{level}.0", f"conv{level}"
        yield f"encoder.{level}.1", f"conv{level}.bn"
        yield f"decoder.{level}.0", up
        yield f"decoder.{level}.1", f"{up}.deconv-bn-h"
    yield "bottleneck", "fc7"
    yield "last", "output-h"
