"""How the maps of torch's networks are applied by ``mapping``."""

from imharmony.networks.affine import AffineMaps
from imharmony.networks.blocks import Generator
from imharmony.networks.published.pct_net import PCTNet
from imharmony.networks.published.white_box import WhiteBox
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.portable.facts import Kind

KINDS: dict[Kind, type[Generator]] = {"lab": RegionEnsemble, "affine": AffineMaps, "clamped": PCTNet, "filters": WhiteBox}


def kind_of(network: Generator) -> Kind:
    """What ``network.mapped`` does with its maps."""
    for kind, networks in KINDS.items():
        if isinstance(network, networks):
            return kind
    return "change"
