"""Names in Harmonizer's file; ours -> theirs."""

from collections.abc import Iterator

from imharmony.networks.published.efficientnet import STAGES
from imharmony.networks.published.filters import FILTERS


def harmonizer_names() -> dict[str, str]:
    """Of Harmonizer."""
    return dict(_harmonizer_names())


def _harmonizer_names() -> Iterator[tuple[str, str]]:
    for ours, theirs in (("foreground", "fg"), ("background", "bg")):
        yield f"backbone.{ours}.0", f"backbone._conv_{theirs}"
        yield f"backbone.{ours}.1", f"backbone._bn_{theirs}"
    for block in range(sum(stage.blocks for stage in STAGES)):
        ours, theirs = f"backbone.blocks.{block}", f"backbone._blocks.{block}"
        yield ours, theirs
        for layers, convolution, norm in (("expansion", "_expand_conv", "_bn0"), ("depthwise", "_depthwise_conv", "_bn1")):
            yield f"{ours}.{layers}.0", f"{theirs}.{convolution}"
            yield f"{ours}.{layers}.1", f"{theirs}.{norm}"
        yield f"{ours}.projection.0", f"{theirs}._project_conv"
        yield f"{ours}.projection.1", f"{theirs}._bn2"
        yield f"{ours}.excitation.reduce", f"{theirs}._se_reduce"
        yield f"{ours}.excitation.expand", f"{theirs}._se_expand"
    yield "backbone.last.0", "backbone._conv_head"
    yield "backbone.last.1", "backbone._bn1"
    yield "seen", "regressor.f"
    yield "first", "regressor.g"
    for place in range(len(FILTERS)):
        yield f"cascade.{place}", f"regressor.headers.{place}.0"
        yield f"heads.{place}", f"regressor.headers.{place}.1"
