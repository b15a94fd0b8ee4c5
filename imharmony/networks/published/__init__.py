"""Networks in the very form of their authors' files, which nothing here trains from the start."""

from collections.abc import Callable

from imharmony.networks.blocks import Generator
from imharmony.networks.published.encoder_decoder import dih256, hrnet18_idih256, hrnet18s_idih256, idih256
from imharmony.networks.published.hdnet import hdnet
from imharmony.networks.published.pct_net import pctnet_cnn, pctnet_vit
from imharmony.networks.published.separated_unet import issam256
from imharmony.networks.published.variants import dih_tensorflow, dovenet_instance, rainnet
from imharmony.networks.published.white_box import harmonizer

PUBLISHED_GENERATORS: dict[str, Callable[..., Generator]] = {  # (in_channels, width, size_px, start) -> network
    "dih256": dih256,
    "dih_tensorflow": dih_tensorflow,
    "dovenet_instance": dovenet_instance,
    "harmonizer": harmonizer,
    "hdnet": hdnet,
    "hrnet18_idih256": hrnet18_idih256,
    "hrnet18s_idih256": hrnet18s_idih256,
    "idih256": idih256,
    "issam256": issam256,
    "pctnet_cnn": pctnet_cnn,
    "pctnet_vit": pctnet_vit,
    "rainnet": rainnet,
}
