"""Names in the files of iDIH's authors and of PCT-Net's, whose convolutional form is built of the same parts; ours -> theirs."""

from collections.abc import Iterator

from imharmony.networks.published.encoder_decoder import DEEPEST
from imharmony.networks.published.hrnet import HRNetForm
from imharmony.networks.published.separated_unet import DEPTH

CONNECTED_FROM = 2  # theirs keep the first two blocks apart from those that a backbone may join
BACKBONE, HRNET = "joined.backbone", "backbone.hrnet"


def encoder_decoder_names(prefix: str = "") -> dict[str, str]:
    """Of dih256 and idih256; ``prefix`` stands before theirs."""
    return dict(_encoder_decoder_names(prefix))


def hrnet_names(form: HRNetForm) -> dict[str, str]:
    """Of iDIH beside an HRNet."""
    return dict(_encoder_decoder_names("model.")) | dict(_hrnet_names(form))


def separated_unet_names() -> dict[str, str]:
    """Of issam256 and of PCT-Net's convolutional form."""
    return dict(_separated_unet_names()) | {"attention": "decoder.conv_attention", "colours": "decoder.to_rgb"}


def _encoder_decoder_names(prefix: str) -> Iterator[tuple[str, str]]:
    for level in range(DEEPEST):
        yield f"encoder.{level}", f"{prefix}{_block_name(level)}.block"
        yield f"decoder.{level}", f"{prefix}decoder.deconv_blocks.{level}.block"
    yield "attention", f"{prefix}decoder.conv_attention"
    yield "colours", f"{prefix}decoder.to_rgb"


def _block_name(level: int) -> str:
    return f"encoder.block{level}" if level < CONNECTED_FROM else f"encoder.blocks_connected.block{level}"


def _separated_unet_names() -> Iterator[tuple[str, str]]:
    for level in range(DEPTH):
        yield from _two_convolutions(f"body.encoder.{level}", f"{_block_name(level)}.convs")
    for level in range(DEPTH - 1):
        yield f"body.ups.{level}", f"decoder.up_blocks.{level}.upconv.1.block"
        yield from _two_convolutions(f"body.decoder.{level}", f"decoder.up_blocks.{level}.convs")
    ours, theirs = "body.attention", f"decoder.up_blocks.{DEPTH - 2}.attention"
    yield ours, theirs
    for gate, called in (("background", "background_gate"), ("foreground", "foreground_gate"), ("mixed", "mix_gate")):
        yield f"{ours}.{gate}.weighing", f"{theirs}.{called}.attention_transform"
    for place in range(2):
        yield f"{ours}.learning.{place}", f"{theirs}.learning_block.{place}.block"
    yield f"{ours}.blur", f"{theirs}.mask_blurring"


def _two_convolutions(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    yield ours, theirs
    for place in range(2):
        yield f"{ours}.{place}", f"{theirs}.block.{place}.block"


def _hrnet_names(form: HRNetForm) -> Iterator[tuple[str, str]]:
    yield "joined", "model.encoder.connectors.connector2"
    yield f"{BACKBONE}.told", "mask_conv"
    for place, ours in enumerate(("first", "second"), 1):
        yield f"{BACKBONE}.{ours}.0", f"{HRNET}.conv{place}"
        yield f"{BACKBONE}.{ours}.1", f"{HRNET}.bn{place}"
    yield f"{BACKBONE}.bottlenecks", f"{HRNET}.layer1"
    for block in range(form.blocks):
        yield from _residual(f"{BACKBONE}.bottlenecks.{block}", f"{HRNET}.layer1.{block}", convolutions=3)
    yield f"{BACKBONE}.entrances.0", f"{HRNET}.transition1.0"
    for place in range(1, 4):
        yield f"{BACKBONE}.entrances.{place}", f"{HRNET}.transition{place}.{place}.0"
    for stage, modules in enumerate(form.modules):
        for module in range(modules):
            ours, theirs = f"{BACKBONE}.stages.{stage}.{module}", f"{HRNET}.stage{stage + 2}.{module}"
            yield ours, theirs
            for target in range(stage + 2):
                yield f"{ours}.gatherings.{target}.paths", f"{theirs}.fuse_layers.{target}"
            yield f"{ours}.branches", f"{theirs}.branches"
            for branch in range(stage + 2):
                for block in range(form.blocks):
                    place = f"branches.{branch}.{block}"
                    yield from _residual(f"{ours}.{place}", f"{theirs}.{place}", convolutions=2)
    yield f"{BACKBONE}.described", f"{HRNET}.conv3x3_ocr"
    yield from _context(f"{BACKBONE}.context", f"{HRNET}.ocr_distri_head")


def _residual(ours: str, theirs: str, *, convolutions: int) -> Iterator[tuple[str, str]]:
    for place in range(convolutions):  # each of ours is followed by a norm and, but the last, a ReLU
        yield f"{ours}.layers.{3 * place}", f"{theirs}.conv{place + 1}"
        yield f"{ours}.layers.{3 * place + 1}", f"{theirs}.bn{place + 1}"
    yield f"{ours}.shortcut", f"{theirs}.downsample"


def _context(ours: str, theirs: str) -> Iterator[tuple[str, str]]:
    """Theirs keep each norm with its ReLU in a sequence of its own."""
    yield ours, theirs
    block = f"{theirs}.object_context_block"
    for own, called, projections in (
        ("queries", f"{block}.f_pixel", 2),
        ("keys", f"{block}.f_object", 2),
        ("values", f"{block}.f_down", 1),
        ("back", f"{block}.f_up", 1),
        ("joined", f"{theirs}.conv_bn_dropout", 1),
    ):
        for place in range(projections):
            yield f"{ours}.{own}.{3 * place}", f"{called}.{2 * place}"
            yield f"{ours}.{own}.{3 * place + 1}", f"{called}.{2 * place + 1}.0"
