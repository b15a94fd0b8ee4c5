"""Names in the files of RainNet's authors and of HDNet's, which are built of the same norms; ours -> theirs."""

from collections.abc import Iterator

DEPTH, OUTER = 8, 3  # levels of RainNet, and of those the ones that it lists one by one
ENCODED, DECODED = ("1", "2", "3", "4", "5", "6"), ("72", "8", "9", "10", "11", "12", "13")  # layers of HDNet


def hdnet_names() -> dict[str, str]:
    """Of HDNet."""
    return dict(_hdnet_names())


def rainnet_names() -> dict[str, str]:
    """Of RainNet."""
    return dict(_rainnet_names())


def _rainnet_names() -> Iterator[tuple[str, str]]:
    """Theirs nests the four inner levels in each other and lists the outer ones."""
    yield "first.0", "model_layer0"
    yield "last", "model_out.1"
    for level in range(OUTER):
        yield f"encoder.{level}.0", f"model_layer{level + 1}.1"
        yield f"encoder.{level}.1", f"model_layer{level + 1}norm"
        up, theirs = DEPTH - 2 - level, f"model_layer{DEPTH + 5 - level}"
        yield f"decoder.{up}.up", f"{theirs}.1"
        yield from _norm(f"decoder.{up}.norm", f"{theirs}norm")
        yield f"gates.{up}.weighing", f"{theirs}att.0"
    for level in range(OUTER, DEPTH - 1):
        theirs, up = "unet_block" + (level - OUTER) * ".submodule", DEPTH - 2 - level
        is_innermost = level == DEPTH - 2
        yield ("bottleneck.0", f"{theirs}.up.1") if is_innermost else (f"encoder.{level}.0", f"{theirs}.down.1")
        if not is_innermost:
            yield f"encoder.{level}.1", f"{theirs}.downnorm"
        yield f"decoder.{up}.up", f"{theirs}.up.{3 if is_innermost else 1}"
        yield from _norm(f"decoder.{up}.norm", f"{theirs}.upnorm")
    yield f"gates.{DEPTH - 2 - OUTER}", "unet_block"


def _hdnet_names() -> Iterator[tuple[str, str]]:
    yield "first", "model_layer0"
    for place, layer in enumerate(ENCODED):
        yield f"encoder.{place}.convolution", f"model_layer{layer}"
        yield f"encoder.{place}.norm", f"model_layer{layer}norm"
    yield "innermost", "model_layer71"
    yield "local", "LD"
    yield "local.joined", "LD.linear"
    for place, layer in enumerate(DECODED):
        yield f"decoder.{place}.convolution", f"model_layer{layer}"
        yield from _norm(f"decoder.{place}.norm", f"model_layer{layer}norm")
    for place, layer in enumerate(DECODED[-3:]):
        yield f"dynamics.{place}", f"model_layer{layer}att"
        for ours, theirs in ((0, 1), (2, 3)):  # theirs begins with the pooling
            yield f"dynamics.{place}.kernels.{ours}", f"model_layer{layer}att.conv_kernel.{theirs}"
    yield "last", "model_out"


def _norm(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield ours, theirs
    for region in ("foreground", "background"):
        yield f"{ours}.{region}_scale", f"{theirs}.{region}_gamma"
        yield f"{ours}.{region}_shift", f"{theirs}.{region}_beta"
