"""Batch norms folded into the convolutions before them: in inference both are one, and a file gets smaller."""

from torch import nn
from torch.nn.utils.fusion import fuse_conv_bn_eval


def folded(network: nn.Module) -> nn.Module:
    """The network, in its evaluation mode, changed in place: in each sequence a batch norm behind a convolution becomes part of it."""
    for sequence in (each for each in network.modules() if isinstance(each, nn.Sequential)):
        for place in range(len(sequence) - 1):
            first, second = sequence[place], sequence[place + 1]
            if isinstance(first, nn.Conv2d) and isinstance(second, nn.BatchNorm2d):
                sequence[place], sequence[place + 1] = fuse_conv_bn_eval(first, second), nn.Identity()
    return network
