"""The networks that ``params.yaml`` can name."""

from collections.abc import Callable
from typing import NamedTuple

from torch import nn

from imharmony.networks.affine import affine
from imharmony.networks.attention_unet import attention_unet
from imharmony.networks.bargain import (
    bargain,
    bargain_code,
    bargain_hsv,
    bargain_hsv_code,
    bargain_unet3plus,
    bargain_unet3plus_code,
)
from imharmony.networks.blocks import Generator
from imharmony.networks.dih import dih
from imharmony.networks.disharmony_critic import DisharmonyCritic
from imharmony.networks.domain_verification import DomainVerification
from imharmony.networks.fcn import fcn, fcn_code
from imharmony.networks.fcn_critic import FCNCritic
from imharmony.networks.idih import idih
from imharmony.networks.patchgan import PatchGAN
from imharmony.networks.rain import rain
from imharmony.networks.region_ensemble import regions, regions_foreground_only
from imharmony.networks.self_attention_critic import SelfAttentionCritic
from imharmony.networks.unet import unet
from imharmony.networks.unet3plus import unet3plus, unet3plus_code

GENERATORS: dict[str, Callable[..., Generator]] = {  # (in_channels, width, size_px, start) -> network
    "affine": affine,
    "attention_unet": attention_unet,
    "bargain": bargain,
    "bargain_code": bargain_code,
    "bargain_hsv": bargain_hsv,
    "bargain_hsv_code": bargain_hsv_code,
    "bargain_unet3plus": bargain_unet3plus,
    "bargain_unet3plus_code": bargain_unet3plus_code,
    "dih": dih,
    "fcn": fcn,
    "fcn_code": fcn_code,
    "idih": idih,
    "rain": rain,
    "regions": regions,
    "regions_foreground_only": regions_foreground_only,
    "unet": unet,
    "unet3plus": unet3plus,
    "unet3plus_code": unet3plus_code,
}

OF_MEMBERS = frozenset({"regions", "regions_foreground_only"})  # those that can be several networks whose mean is taken
WITHOUT_BACKGROUND = frozenset({"regions_foreground_only"})  # those whose output inside the mask depends on what is inside it alone


class Discriminator(NamedTuple):
    """How a discriminator is made, (width, and what it takes beside) -> network, and what it is shown.

    What it ``sees`` is a name of ``training.views.VIEWS``.
    """

    build: Callable[..., nn.Module]
    sees: str
    takes: tuple[str, ...] = ()  # of field_px and size_px


DISCRIMINATORS = {
    "disharmony": Discriminator(DisharmonyCritic, "picture"),
    "domain_verification": Discriminator(DomainVerification, "picture_and_mask", takes=("size_px",)),
    "fcn": Discriminator(FCNCritic, "picture"),
    "patchgan": Discriminator(PatchGAN, "beside_composite", takes=("field_px",)),
    "self_attention": Discriminator(SelfAttentionCritic, "picture"),
}
