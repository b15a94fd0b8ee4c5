"""Names in the files of DoveNet's authors, whose U-Net is nested level in level, and of BargainNet's; ours -> theirs."""

from collections.abc import Iterator

DEPTH = 8
NESTED = "model.1"
INNER = 3  # place of the next level in a level's sequence; the gate's levels keep theirs in "model"
GATED = 3  # the outermost joins
STACK = 7  # partial convolutions of the discriminator
CODE_STACK = 5  # and of BargainNet's extractor


def generator_names(ours: str = "", theirs: str = "") -> dict[str, str]:
    """Of DoveNet's generator, below prefixes."""
    return {f"{ours}{own}": f"{theirs}{called}" for own, called in _generator_names()}


def bargain_names() -> dict[str, str]:
    """Of BargainNet's two files, whose names begin with "E." and "G." here."""
    return dict(_extractor_names()) | generator_names("unet.", "G.") | {"scale": "G.weight"}


def discriminator_names() -> dict[str, str]:
    """Of DoveNet's discriminator."""
    return dict(_discriminator_names())


def _levels() -> Iterator[str]:
    """Where each level below the outermost keeps its sequence: "model.model.1.model", and so on."""
    place = "model.model"
    for level in range(1, DEPTH):
        place += f".{1 if level == 1 else INNER}.model"
        yield place


def _generator_names() -> Iterator[tuple[str, str]]:
    yield "first.0", "model.model.0"
    yield "last", "model.model.3"
    for level, place in enumerate(_levels()):
        up = DEPTH - 2 - level  # ours counts decoder blocks from the innermost
        is_innermost = level == DEPTH - 2
        yield ("bottleneck.0" if is_innermost else f"encoder.{level}.0"), f"{place}.1"
        if not is_innermost:
            yield f"encoder.{level}.1", f"{place}.2"
        first = 3 if is_innermost else 5
        yield f"decoder.{up}.0", f"{place}.{first}"
        yield f"decoder.{up}.1", f"{place}.{first + 1}"
        yield f"gates.{up}", place.removesuffix(".model")
        if level < GATED:
            yield f"gates.{up}.weighing", f"{place.removesuffix('.model')}.attention.0"


def _extractor_names() -> Iterator[tuple[str, str]]:
    for place in range(CODE_STACK):  # ours: a convolution, a norm but for the first and the last, a ReLU
        ours = 3 * place - 1 if place else 0
        yield f"extractor.stack.layers.{ours}", f"E.conv{place + 1}f"
        yield f"extractor.stack.layers.{ours}.convolution", f"E.conv{place + 1}f"
        if 0 < place < CODE_STACK - 1:
            yield f"extractor.stack.layers.{ours + 1}", f"E.norm{place + 1}f"
    yield "extractor.head", "E.convs"


def _discriminator_names() -> Iterator[tuple[str, str]]:
    for own, suffix in (("whole", ""), ("region", "f")):
        for place in range(STACK):
            ours = f"{own}.layers.{3 * place - 1 if place else 0}"
            yield ours, f"D.conv{place + 1}{suffix}"
            yield from _spectral(f"{ours}.convolution", f"D.conv{place + 1}{suffix}")
            if 0 < place < STACK - 1:
                yield f"{own}.layers.{3 * place}", f"D.norm{place + 1}{suffix}"
    for place in range(2):
        yield from _spectral(f"domain_head.{2 * place}", f"convl{place + 1}")
    yield "domain_head.4", "convl3"
    yield "whole_head", "convg3"


def _spectral(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    """Theirs are torch's older spectral norms."""
    yield ours, theirs
    yield f"{ours}.parametrizations.weight.original", f"{theirs}.weight_orig"
    for own, called in (("_u", "weight_u"), ("_v", "weight_v")):
        yield f"{ours}.parametrizations.weight.0.{own}", f"{theirs}.{called}"
