"""A small network that names what a picture shows: the frozen network behind feature losses where there is no pretrained one.

Pictures are float (B, 3, H, W) in [-1, 1], of any size.
"""

from itertools import pairwise

from torch import Tensor, nn

WIDEST = 8
BLOCKS = 5
LOGITS = "logits"
PLACES = {f"relu{block}": 4 * block - 2 for block in range(1, BLOCKS + 1)} | {LOGITS: 4 * BLOCKS}  # in Classifier.layers


class Classifier(nn.Module):
    """Five blocks of a convolution, a batch norm and a ReLU, the mean of the last map, and a linear head.

    It stands in for VGG-19 (Simonyan & Zisserman 2014, arXiv:1409.1556) and is not one: one convolution at each size, far fewer
    channels. From block to block sizes halve by averages, whose gradients reach all pixels alike, as Gatys, Ecker and Bethge
    (2016) change VGG for such a use. A value at ``relu1`` .. ``relu5`` sees 3, 8, 18, 38 and 78 px.
    """

    def __init__(self, *, categories: int, width: int) -> None:
        super().__init__()
        channels = [width * min(2**block, WIDEST) for block in range(BLOCKS)]  # 16 32 64 128 128
        layers = _block(3, width)
        for inputs, outputs in pairwise(channels):
            layers += [nn.AvgPool2d(2, ceil_mode=True), *_block(inputs, outputs)]
        layers += [PictureMean(), nn.Linear(channels[-1], categories)]
        self.layers = nn.Sequential(*layers)

    def forward(self, pictures: Tensor) -> Tensor:
        """One raw score for each category, (B, categories)."""
        return self.layers(pictures)


class PictureMean(nn.Module):
    """The mean over all places; torch's adaptive pooling has no deterministic gradient on CUDA."""

    def forward(self, features: Tensor) -> Tensor:
        """(B, C, h, w) -> (B, C)."""
        return features.mean((2, 3))


def _block(inputs: int, outputs: int) -> list[nn.Module]:
    return [nn.Conv2d(inputs, outputs, 3, padding=1, bias=False), nn.BatchNorm2d(outputs), nn.ReLU()]
