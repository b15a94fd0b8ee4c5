"""A little COCO in a folder, and a server for it that misbehaves on request."""

import io
import json
import re
import threading
import zipfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import numpy as np

from imharmony.pictures.images import encode_jpeg

WIDTH, HEIGHT = 64, 48
SQUARE = [[10.0, 10, 40, 10, 40, 40, 10, 40]]


def photograph(image_id: int) -> bytes:
    """A JPEG that differs from every other."""
    rng = np.random.default_rng(image_id)
    blocks = rng.integers(0, 255, (6, 8, 3), dtype=np.uint8)
    return encode_jpeg(np.kron(blocks, np.ones((8, 8, 1), np.uint8)))


def instances(ids: list[int]) -> dict[str, list]:
    """COCO's json with one person in each photograph; every fifth forbids derivatives."""
    return {
        "licenses": [{"id": 4, "name": "Attribution License"}, {"id": 6, "name": "Attribution-NoDerivs License"}],
        "images": [
            {"id": i, "file_name": f"{i:012d}.jpg", "width": WIDTH, "height": HEIGHT, "license": 6 if i % 5 == 0 else 4, "coco_url": ""}
            for i in ids
        ],
        "annotations": [
            {"id": 10 * i, "image_id": i, "category_id": 1, "iscrowd": 0, "area": 900.0, "bbox": [10, 10, 30, 30], "segmentation": SQUARE}
            for i in ids
        ],
        "categories": [{"id": 1, "name": "person"}, {"id": 18, "name": "dog"}],
    }


def write_mirror(root: Path, *, train: list[int], val: list[int]) -> Path:
    """Archives of annotations and photographs, and the photographs one by one."""
    (root / "annotations").mkdir(parents=True)
    (root / "zips").mkdir()
    with zipfile.ZipFile(root / "annotations" / "annotations_trainval2017.zip", "w") as archive:
        for split, ids in (("train2017", train), ("val2017", val)):
            archive.writestr(f"annotations/instances_{split}.json", json.dumps(instances(ids)))
    for split, ids in (("train2017", train), ("val2017", val)):
        (root / split).mkdir()
        with zipfile.ZipFile(root / "zips" / f"{split}.zip", "w") as archive:
            for image_id in ids:
                name = f"{split}/{image_id:012d}.jpg"
                archive.writestr(name, photograph(image_id))
                (root / name).write_bytes(photograph(image_id))
    return root


class Server:
    """Serves a folder. ``faults`` maps a path to what its next answers do: a status, "cut" or "corrupt"."""

    def __init__(self, root: Path, *, ranges: bool = True) -> None:
        self.root, self.ranges = root, ranges
        self.faults: dict[str, list[int | str]] = {}
        self.requests: Counter[str] = Counter()
        self.ranged: list[str] = []
        self.address = ""

    def answer(self, handler: BaseHTTPRequestHandler) -> None:
        """One GET."""
        self.requests[handler.path] += 1
        fault = (self.faults.get(handler.path) or [None]).pop(0)
        file = self.root / unquote(handler.path).lstrip("/")
        if not file.is_file():
            fault = 404
        if isinstance(fault, int):
            handler.send_response(fault)
            handler.send_header("Retry-After", "0")
            handler.send_header("Content-Length", "0")
            handler.end_headers()
            return
        body, status, headers = file.read_bytes(), 200, {}
        if self.ranges and (match := re.fullmatch(r"bytes=(\d+)-(\d*)", handler.headers.get("Range", ""))):
            start, stop = int(match[1]), min(int(match[2] or len(body) - 1) + 1, len(body))
            self.ranged.append(handler.path)
            status, headers = 206, {"Content-Range": f"bytes {start}-{stop - 1}/{len(body)}"}
            body = body[start:stop]
        if fault == "corrupt":
            body = bytes([*body[: len(body) // 2], body[len(body) // 2] ^ 255, *body[len(body) // 2 + 1 :]])
        handler.send_response(status)
        for key, value in {"Content-Length": str(len(body)), **headers}.items():
            handler.send_header(key, value)
        handler.end_headers()
        handler.wfile.write(body[: len(body) // 2] if fault == "cut" else body)
        handler.close_connection = fault == "cut"


@contextmanager
def serving(root: Path, *, ranges: bool = True) -> Iterator[Server]:
    """A running server on loopback."""
    server = Server(root, ranges=ranges)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.answer(self)

        def log_message(self, *_: object) -> None: ...

    http = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.address = f"http://127.0.0.1:{http.server_port}"
    thread = threading.Thread(target=http.serve_forever, kwargs={"poll_interval": 0.02})
    thread.start()
    try:
        yield server
    finally:
        http.shutdown()
        thread.join()
        http.server_close()


def truncated_zip() -> bytes:
    """The beginning of an archive."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("a", b"x" * 1000)
    return buffer.getvalue()[:500]


def write_photographs(root: Path, content: dict[str, Any]) -> Path:
    """A folder of a mirror with these instances, all in val2017, and their photographs."""
    for image in content["images"]:
        path = root / "images" / "val2017" / image["file_name"]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(photograph(image["id"]))
    (root / "annotations").mkdir()
    (root / "annotations" / "instances_val2017.json").write_text(json.dumps(content))
    return root
