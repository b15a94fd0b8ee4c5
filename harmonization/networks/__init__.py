"""The networks that ``params.yaml`` can name."""

from harmonization.networks.idih import idih
from harmonization.networks.patchgan import PatchGAN
from harmonization.networks.unet import unet

GENERATORS = {"unet": unet, "idih": idih}  # (in_channels, width, size_px) -> network

DISCRIMINATORS = {"patchgan": PatchGAN}  # (width, field_px) -> network
