"""Published matting networks. Nothing of the authors is in this package: their files are read where a user has them."""

from collections.abc import Iterator

from imharmony.networks.deep_matting import BLOCKS, DeepMatting
from imharmony.networks.index_blocks import CELL
from imharmony.networks.indexnet import DILATIONS, POOLED, IndexNet
from imharmony.networks.mobilenet_v2 import STAGES
from imharmony.networks.portrait_matting import PortraitMatting
from imharmony.published import sources
from imharmony.published.record import Published


def _indexnet_names() -> Iterator[tuple[str, str]]:
    for level, stage in enumerate((None, *STAGES)):
        yield f"encoder.{level}", f"layer{level}"
        for block in range(stage.blocks if stage else 0):
            yield f"encoder.{level}.{block}.layers", f"layer{level}.{block}.conv"
    for level in POOLED:
        yield f"index.{level}", f"index{level}"
        for place in range(CELL):
            yield f"index.{level}.nets.{place}", f"index{level}.indexnet{place + 1}"
    yield "context", "dconv_pp"
    for branch in range(1 + len(DILATIONS)):
        yield f"context.branches.{branch}", f"dconv_pp.aspp{branch + 1}.atrous_conv"
    for place in range(2):  # theirs begins with the pooling
        yield f"context.whole.{place}", f"dconv_pp.global_avg_pool.{place + 1}"
    yield "context.join", "dconv_pp.bottleneck_conv"
    for level in range(len(STAGES)):
        yield f"decoder.{level}", f"decoder_layer{level}"
        yield f"decoder.{level}.convolution", f"decoder_layer{level}.dconv"
    yield "prediction", "pred"


def _deep_matting_names() -> Iterator[tuple[str, str]]:
    depth = len(BLOCKS)
    for level, (_, convolutions) in enumerate(BLOCKS):
        yield f"pools.{level}", f"pool{level + 1}"
        yield f"unpools.{level}", f"unpool{depth - level}"
        for place in range(convolutions):
            yield f"encoder.{level}.{3 * place}", f"conv{level + 1}{place + 1}"
            yield f"encoder.{level}.{3 * place + 1}", f"bn{level + 1}{place + 1}"
    yield "bottleneck", "conv6"
    for level in range(depth + 1):
        yield f"decoder.{level}", f"dconv{depth + 1 - level}"
    yield "prediction", "alpha_pred"


MODNET_BLOCKS = {
    "semantic.at_sixteenth": "lr_branch.conv_lr16x",
    "semantic.at_eighth": "lr_branch.conv_lr8x",
    "detail.from_half": "hr_branch.tohr_enc2x",
    "detail.halving": "hr_branch.conv_enc2x",
    "detail.from_quarter": "hr_branch.tohr_enc4x",
    "detail.joining": "hr_branch.conv_enc4x",
    **{f"detail.at_quarter.{place}": f"hr_branch.conv_hr4x.{place}" for place in range(3)},
    **{f"detail.at_half.{place}": f"hr_branch.conv_hr2x.{place}" for place in range(4)},
    "detail.at_whole.0": "hr_branch.conv_hr.0",
    "fusion.at_quarter": "f_branch.conv_lr4x",
    "fusion.at_half": "f_branch.conv_f2x",
    "fusion.at_whole.0": "f_branch.conv_f.0",
}


def _modnet_names() -> Iterator[tuple[str, str]]:
    yield "backbone", "backbone.model"
    for block in range(1, 1 + sum(stage.blocks for stage in STAGES)):
        yield f"backbone.features.{block}.layers", f"backbone.model.features.{block}.conv"
    yield "semantic.excitation", "lr_branch.se_block"
    yield "semantic.excitation.layers", "lr_branch.se_block.fc"
    for ours, theirs in MODNET_BLOCKS.items():
        yield ours, f"{theirs}.layers"
        yield f"{ours}.1.batch", f"{theirs}.layers.1.bnorm"
    yield "semantic.last", "lr_branch.conv_lr.layers.0"
    for ours, theirs in (("detail", "hr_branch.conv_hr"), ("fusion", "f_branch.conv_f")):
        yield f"{ours}.at_whole", theirs
        yield f"{ours}.at_whole.1", f"{theirs}.1.layers.0"
    for place, branch in (("quarter", "conv_hr4x"), ("half", "conv_hr2x")):
        yield f"detail.at_{place}", f"hr_branch.{branch}"


INDEXNET = Published(sources.INDEXNET, IndexNet, dict(_indexnet_names()), "imagenet", key="state_dict", prefix="module.")
DEEP_MATTING = Published(sources.DEEP_MATTING, DeepMatting, dict(_deep_matting_names()), "imagenet", key="state_dict")
MODNET = Published(
    sources.MODNET,
    PortraitMatting,
    dict(_modnet_names()),
    "signed",
    prefix="module.",
    twice={"backbone": "lr_branch.backbone"},
)
