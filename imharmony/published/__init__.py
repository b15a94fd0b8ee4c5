"""The networks whose authors published weights: where these are, under which terms, and what their authors report. Loads no torch."""

from imharmony.published.sources import (
    BARGAINNET,
    DEEP_MATTING,
    DIH256,
    DIH_TENSORFLOW,
    DOVENET,
    DOVENET_INSTANCE,
    HARMONIZER,
    HDNET,
    HRNET18_IDIH256,
    HRNET18S_IDIH256,
    IDIH256,
    INDEXNET,
    ISSAM256,
    MODNET,
    PCTNET_CNN,
    PCTNET_VIT,
    RAINNET,
    UNET_ATTENTION,
    Source,
)

HARMONIZERS: dict[str, Source] = {
    "bargainnet": BARGAINNET,
    "dih256": DIH256,
    "dih_tensorflow": DIH_TENSORFLOW,
    "dovenet": DOVENET,
    "dovenet_instance": DOVENET_INSTANCE,
    "harmonizer": HARMONIZER,
    "hdnet": HDNET,
    "hrnet18_idih256": HRNET18_IDIH256,
    "hrnet18s_idih256": HRNET18S_IDIH256,
    "idih256": IDIH256,
    "issam256": ISSAM256,
    "pctnet_cnn": PCTNET_CNN,
    "pctnet_vit": PCTNET_VIT,
    "rainnet": RAINNET,
    "unet_attention": UNET_ATTENTION,
}
MATTING: dict[str, Source] = {
    "deep_matting": DEEP_MATTING,
    "indexnet": INDEXNET,
    "modnet": MODNET,
}
# Generators that exist in their authors' form alone; the other published networks are generators of ours, as they are.
FORMS = frozenset(
    {
        "dih256",
        "dih_tensorflow",
        "dovenet_instance",
        "harmonizer",
        "hdnet",
        "hrnet18_idih256",
        "hrnet18s_idih256",
        "idih256",
        "issam256",
        "pctnet_cnn",
        "pctnet_vit",
        "rainnet",
    }
)
