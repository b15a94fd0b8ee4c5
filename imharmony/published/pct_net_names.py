"""Names in PCT-Net's files; ours -> theirs."""

from collections.abc import Iterator

from imharmony.networks.published.pct_net import LAYERS
from imharmony.published.samsung_names import separated_unet_names


def cnn_names() -> dict[str, str]:
    """Of the convolutional form."""
    return separated_unet_names() | {"parameters_at": "get_params"}


def vit_names() -> dict[str, str]:
    """Of the transformer's."""
    return dict(_vit_names())


def _vit_names() -> Iterator[tuple[str, str]]:
    yield "embedding", "encoder.patch_to_embedding.1"
    for layer in range(LAYERS):
        ours, theirs = f"layers.{layer}", f"encoder.transformer_enc.layers.{layer}"
        yield ours, theirs
        yield f"{ours}.asked.weight", f"{theirs}.self_attn.in_proj_weight"
        yield f"{ours}.asked.bias", f"{theirs}.self_attn.in_proj_bias"
        yield f"{ours}.told", f"{theirs}.self_attn.out_proj"
        for place, (linear, norm) in enumerate((("wide", "attended"), ("narrow", "changed")), 1):
            yield f"{ours}.{linear}", f"{theirs}.linear{place}"
            yield f"{ours}.{norm}", f"{theirs}.norm{place}"
    yield "pictures", "encoder.dec"
    yield "parameters_at", "get_params"
