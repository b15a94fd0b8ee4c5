"""How the maps of torch's networks are applied by ``mapping``."""

from imharmony.networks.affine import AffineMaps
from imharmony.networks.blocks import Generator
from imharmony.networks.region_ensemble import RegionEnsemble
from imharmony.portable.facts import Kind


def kind_of(network: Generator) -> Kind:
    """What ``network.mapped`` does with its maps."""
    if isinstance(network, RegionEnsemble):
        return "lab"
    return "affine" if isinstance(network, AffineMaps) else "change"
