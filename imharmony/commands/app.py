"""``harmonize app``: a page in the browser, on which a photograph is chosen, its mask painted or given, and the result compared."""

import argparse

from imharmony.commands.parsing import Parser, add_device
from imharmony.errors import InputError
from imharmony.harmonizing.offers import CLASSICAL, MOST_MEGAPIXELS, STARTER

MOST_MEGABYTES = 2000
LARGEST_PORT = 65_535


def run(arguments: list[str]) -> tuple[str, int]:
    """Serves the page until Ctrl-C; what to print, and the exit code. Raises ``InputError`` on wrong input."""
    options = _parser().parse_args(arguments)
    for name, value, (least, most) in (
        ("port", options.port, (0, LARGEST_PORT)),
        ("max-megabytes", options.max_megabytes, (1, MOST_MEGABYTES)),
        ("max-megapixels", options.max_megapixels, (1, MOST_MEGAPIXELS)),
    ):
        if not least <= value <= most:
            raise InputError(f"--{name} {value}: expected {least} to {most}")
    from imharmony.web.page_server import serve
    from imharmony.web.server import Limits

    limits = Limits(options.max_megabytes, options.max_megapixels)
    serve(host=options.host, port=options.port, model=options.model, device=options.device, limits=limits)
    return "ended", 0


def _parser() -> argparse.ArgumentParser:
    parser = Parser(prog="harmonize app", description="Serves a page on which photographs are harmonized.")
    parser.add_argument("--host", default="127.0.0.1", help="the address to listen on, by default this machine's own alone")
    parser.add_argument("--port", type=int, default=8000, help="8000 if it is not given; 0: any free one")
    models = f"which model comes first on the page: {STARTER} (the default), a file .safetensors or .onnx, or {', '.join(CLASSICAL)}"
    parser.add_argument("--model", default=STARTER, help=models)
    add_device(parser)
    parser.add_argument("--max-megabytes", type=int, default=50, metavar="N", help="refuse larger files; 50 if it is not given")
    refused = "refuse larger pictures before they are decoded; 100 if it is not given"
    parser.add_argument("--max-megapixels", type=int, default=100, metavar="N", help=refused)
    return parser
