"""Published harmonizers, built here in the very form of their authors' files."""

from collections.abc import Mapping
from functools import partial

from torch import nn

from imharmony.networks.harmonizer import generator_of
from imharmony.networks.published.hrnet import HRNET18, HRNET18_SMALL
from imharmony.published import HARMONIZERS as SOURCES
from imharmony.published.dih_names import dih_names
from imharmony.published.dovenet_names import bargain_names, generator_names
from imharmony.published.harmonizer_names import harmonizer_names
from imharmony.published.pct_net_names import cnn_names, vit_names
from imharmony.published.record import Normalisation, Published, Use
from imharmony.published.region_norm_names import hdnet_names, rainnet_names
from imharmony.published.samsung_names import encoder_decoder_names, hrnet_names, separated_unet_names

DOVENET = Use("attention_unet", 64, paste=False, inference_mode="train")
SAMSUNG = Use("idih256", 64, paste=False)

USES: dict[str, Use] = {
    "bargainnet": Use("bargain", 64, paste=False, inference_mode="train"),
    "dih256": SAMSUNG._replace(generator="dih256"),
    "dih_tensorflow": Use("dih_tensorflow", 64, paste=False, mask_range=(-1.0, 1.0), colour_order="BGR"),
    "dovenet": DOVENET,
    "dovenet_instance": DOVENET._replace(generator="dovenet_instance"),
    "harmonizer": Use("harmonizer", 32, paste=True, full_size=True),
    "hdnet": Use("hdnet", 32, paste=True),
    "hrnet18_idih256": SAMSUNG._replace(generator="hrnet18_idih256"),
    "hrnet18s_idih256": SAMSUNG._replace(generator="hrnet18s_idih256"),
    "idih256": SAMSUNG,
    "issam256": SAMSUNG._replace(generator="issam256", width=32),
    "pctnet_cnn": Use("pctnet_cnn", 32, paste=False, full_size=True),
    "pctnet_vit": Use("pctnet_vit", 256, paste=True, full_size=True),
    "rainnet": Use("rainnet", 64, paste=True),
    "unet_attention": DOVENET,
}


def _published(name: str, names: Mapping[str, str], normalisation: Normalisation, *, unused: tuple[str, ...] = ()) -> Published:
    return Published(SOURCES[name], partial(_built, USES[name]), names, normalisation, unused=unused)


def _built(use: Use) -> nn.Module:
    return generator_of(use.generator, in_channels=4, width=use.width, size_px=use.size_px)


HARMONIZERS: dict[str, Published] = {
    "bargainnet": _published("bargainnet", bargain_names(), "signed")._replace(parts=("G.", "E.")),
    "dih256": _published("dih256", encoder_decoder_names(), "imagenet"),
    "dih_tensorflow": _published("dih_tensorflow", dih_names(), "signed"),
    "dovenet": _published("dovenet", generator_names(), "signed"),
    "dovenet_instance": _published("dovenet_instance", generator_names(), "signed"),
    "harmonizer": _published("harmonizer", harmonizer_names(), "unit", unused=("backbone._fc",)),
    "hdnet": _published("hdnet", hdnet_names(), "signed", unused=tuple(f"model_layer{layer}att.conv_guide" for layer in (11, 12, 13))),
    "hrnet18_idih256": _published("hrnet18_idih256", hrnet_names(HRNET18), "imagenet"),
    "hrnet18s_idih256": _published("hrnet18s_idih256", hrnet_names(HRNET18_SMALL), "imagenet"),
    "idih256": _published("idih256", encoder_decoder_names(), "imagenet"),
    "issam256": _published("issam256", separated_unet_names(), "imagenet"),
    "pctnet_cnn": _published("pctnet_cnn", cnn_names(), "imagenet", unused=("decoder.to_rgb",)),
    "pctnet_vit": _published("pctnet_vit", vit_names(), "unit"),
    "rainnet": _published("rainnet", rainnet_names(), "signed"),
    "unet_attention": _published("unet_attention", generator_names(), "signed"),
}
