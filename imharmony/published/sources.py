"""Where authors publish their weights, under which terms, and what they report of them. Nothing of theirs is in this package.

Reported figures are the authors' or, where said, another group's, on iHarmony4's test split. Their protocols differ: do not compare them
with each other, nor with figures of this project, before docs/metrics.md was read. None was measured here.
"""

from typing import Literal, NamedTuple

Terms = Literal["yes", "no", "unclear"]

RESEARCH_DATA = "unclear"  # the code's licence allows it; HAdobe5k, a part of what they were trained on, is for research


class Reported(NamedTuple):
    """A published score: mean MSE in levels of 255 and PSNR in dB over the whole test split, and how it was taken."""

    mse: float | None
    psnr_db: float
    protocol: str


class Source(NamedTuple):
    """A published network; ``commercial_use`` says whether its terms allow that of the weights."""

    paper: str  # authors, year, arXiv id or conference
    repository: str
    commit: str  # that our form was compared with
    files: tuple[str, ...]  # as the authors call them
    place: str  # where the authors keep them
    licence: str
    commercial_use: Terms
    reported: Reported | None = None


IHARMONY4 = "https://github.com/bcmi/Image-Harmonization-Dataset-iHarmony4"
SAMSUNG = "https://github.com/SamsungLabs/image_harmonization"
RELEASE = "release v1.0 of github.com/saic-vul/image_harmonization"
NOWHERE = "not published; a training by the authors' program writes it"
OWN_RANGE = "256 px; the network's own picture in 8 bits, PSNR by the range of the prediction"
REAL_RANGE = "256 px; the network's own picture, PSNR by the largest value of the photograph"
FULL_SIZE = "full size, computed from PCT-Net's published scores of each picture; the photograph's background, PSNR by 255"

DOVENET = Source(
    paper="Cong et al. 2020, arXiv:1911.13239",
    repository=IHARMONY4,
    commit="0bdb51ddda97",
    files=("latest_net_G.pth",),
    place="Baidu and OneDrive, linked from the repository",
    licence="MIT",
    commercial_use=RESEARCH_DATA,
    reported=Reported(50.87, 34.83, f"{OWN_RANGE}; the statistics of each picture, dropout on"),
)
DOVENET_INSTANCE = DOVENET._replace(place=NOWHERE, reported=Reported(52.36, 34.75, f"{OWN_RANGE}; as in the paper"))
UNET_ATTENTION = DOVENET._replace(place=NOWHERE, reported=None)
BARGAINNET = Source(
    paper="Cong et al. 2021, arXiv:2009.09169",
    repository="https://github.com/bcmi/BargainNet",
    commit="5e1df412a664",
    files=("latest_net_G.pth", "latest_net_E.pth"),
    place="Baidu, Google Drive and a cloud of its own, linked from the repository; the second file also in its checkpoints/",
    licence="MIT",
    commercial_use=RESEARCH_DATA,
    reported=Reported(37.82, 35.88, f"{OWN_RANGE}; the code of the photograph's background"),
)
RAINNET = Source(
    paper="Ling et al. 2021, arXiv:2106.02853",
    repository="https://github.com/junleen/RainNet",
    commit="e4b605d30168",
    files=("net_G_last.pth",),
    place="Google Drive and Baidu, linked from the repository; the file for 256 px",
    licence="MIT",
    commercial_use=RESEARCH_DATA,
    reported=Reported(40.29, 36.12, "256 px; pasted over the photograph, 8 bits by truncation, PSNR by 255"),
)
HDNET = Source(
    paper="Chen et al. 2023, arXiv:2211.08639",
    repository="https://github.com/chenhaoxing/HDNet",
    commit="dcabe92b634c",
    files=("net_G_last.pth",),
    place=NOWHERE,
    licence="MIT",
    commercial_use=RESEARCH_DATA,
    reported=Reported(16.55, 40.46, "256 px; the photograph's background in the input and in the output, PSNR by 255"),
)
DIH_TENSORFLOW = Source(
    paper="Tsai et al. 2017, arXiv:1703.00069, as re-implemented for Cong et al. 2020",
    repository=IHARMONY4,
    commit="0bdb51ddda97",
    files=("model.ckpt-117078",),
    place="Baidu and OneDrive, linked from the repository; without semantics",
    licence="MIT",
    commercial_use=RESEARCH_DATA,
    reported=Reported(76.77, 33.41, OWN_RANGE),
)
IDIH256 = Source(
    paper="Sofiiuk, Popenova & Konushin 2021, arXiv:2006.00809",
    repository=SAMSUNG,
    commit="4d16b1257eaa",
    files=("idih256.pth",),
    place=RELEASE,
    licence="MPL-2.0",
    commercial_use=RESEARCH_DATA,
    reported=Reported(31.71, 37.14, REAL_RANGE),
)
DIH256 = IDIH256._replace(files=("dih256.pth",), place=NOWHERE, reported=None)
ISSAM256 = IDIH256._replace(files=("issam256.pth",), reported=Reported(24.44, 38.19, REAL_RANGE))
HRNET18S_IDIH256 = IDIH256._replace(files=("hrnet18s_idih256.pth",), reported=None)
HRNET18_IDIH256 = IDIH256._replace(files=("hrnet18_idih256.pth",), reported=None)
PCTNET_CNN = Source(
    paper="Guerreiro, Nakazawa & Stenger 2023, CVPR",
    repository="https://github.com/rakutentech/PCT-Net-Image-Harmonization",
    commit="1572176ed1a7",
    files=("PCTNet_CNN.pth",),
    place="pretrained_models/ of the repository",
    licence="MPL-2.0",
    commercial_use=RESEARCH_DATA,
    reported=Reported(24.02, 38.30, FULL_SIZE),
)
PCTNET_VIT = PCTNET_CNN._replace(files=("PCTNet_ViT.pth",), reported=Reported(18.84, 39.29, FULL_SIZE))
HARMONIZER = Source(
    paper="Ke et al. 2022, arXiv:2207.01322",
    repository="https://github.com/ZHKKKe/Harmonizer",
    commit="48ecd70becbf",
    files=("harmonizer.pth",),
    place="pretrained/ of the repository, and Google Drive",
    licence="CC BY-NC-SA 4.0",
    commercial_use="no",
    reported=Reported(27.62, 37.23, f"{FULL_SIZE}; by PCT-Net's authors"),
)
INDEXNET = Source(
    paper="Lu, Dai, Shen & Xu 2019, arXiv:1908.00672",
    repository="https://github.com/poppinace/indexnet_matting",
    commit="4beb06a47db2",
    files=("indexnet_matting.pth.tar",),
    place="pretrained/ of the repository",
    licence="BSD-like, for non-commercial purposes; the weights also under the agreement of Adobe's data set",
    commercial_use="no",
)
DEEP_MATTING = INDEXNET._replace(
    paper="Xu, Price, Cohen & Huang 2017, arXiv:1703.03872",
    files=("deep_matting.pth.tar",),
    place="Google Drive, linked from the repository",
)
MODNET = Source(
    paper="Ke, Sun, Li, Yan & Lau 2022, arXiv:2011.11961",
    repository="https://github.com/ZHKKKe/MODNet",
    commit="28165a451e46",
    files=("modnet_photographic_portrait_matting.ckpt",),
    place="Google Drive, linked from the repository",
    licence="Apache-2.0",
    commercial_use="yes",
)
