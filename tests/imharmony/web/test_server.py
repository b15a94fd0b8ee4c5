"""The service without a browser: the ways to harmonize, what is refused, and what is kept."""

import io
import socket
import zlib
from concurrent.futures import ThreadPoolExecutor

import httpx
import numpy as np
import pytest
from PIL import Image

import imharmony
from imharmony.harmonizing.cutout import Placement, composed
from imharmony.pictures.images import decode_rgb, encode_png, read_rgb
from imharmony.pictures.mask_files import decode_mask, read_mask
from imharmony.pictures.photo_files import read_photograph
from tests.imharmony.web.drawn import HEIGHT, WIDTH, served


@pytest.fixture(scope="module")
def server():
    with served("--max-megabytes", "1", "--max-megapixels", "1") as server:
        yield server


@pytest.fixture(scope="module")
def client(server):
    with httpx.Client(base_url=server.address, timeout=60) as client:
        yield client


def upload(client, data, *, name, role):
    return client.post("/api/pictures", params={"name": name, "role": role}, content=data)


@pytest.fixture
def keys(client, drawn):
    """The three files' keys, by their roles."""
    roles = {"photo": drawn.photo, "mask": drawn.mask, "cutout": drawn.cutout}
    return {role: upload(client, path.read_bytes(), name=path.name, role=role).json()["id"] for role, path in roles.items()}


def wish(client, **asked):
    return client.post("/api/results", json={"model": "reinhard"} | asked)


def file_of(client, result, strength=1.0):
    return client.get(result["file"], params={"strength": strength})


@pytest.mark.parametrize("strength", [1.0, 0.35, 0.0])
def test_a_photograph_and_its_mask_give_the_file_of_the_command(client, keys, drawn, strength):
    result = wish(client, photo=keys["photo"], mask=keys["mask"]).json()
    answer = file_of(client, result, strength)
    assert answer.headers["content-disposition"] == "attachment; filename*=utf-8''scene_harmonized.png"
    expected = imharmony.harmonize(read_rgb(drawn.photo), read_mask(drawn.mask), "reinhard", strength)
    assert np.array_equal(decode_rgb(answer.content, name="file"), expected)
    told = imharmony.explain(read_rgb(drawn.photo), read_mask(drawn.mask), "reinhard", strength).words
    assert client.get(result["words"], params={"strength": strength}).json()["words"] == told
    shapes = {decode_rgb(client.get(result[name]).content, name=name).shape for name in ("before", "after")}
    assert shapes == {(HEIGHT, WIDTH, 3)}


@pytest.mark.parametrize("direction", ["foreground", "background"])
def test_an_inverted_mask_and_the_other_direction_are_taken(client, keys, drawn, direction):
    result = wish(client, photo=keys["photo"], mask=keys["mask"], invert=True, direction=direction).json()
    expected = imharmony.harmonize(read_rgb(drawn.photo), 255 - read_mask(drawn.mask), "reinhard", direction=direction)
    assert np.array_equal(decode_rgb(file_of(client, result).content, name="file"), expected)


def test_strokes_are_drawn_at_the_photographs_size(client, keys, drawn):
    strokes = [{"radius": 20, "points": [[80, 80], [140, 80.5]]}, {"radius": 5, "points": [[100, 80]], "erase": True}]
    result = wish(client, photo=keys["photo"], strokes=strokes).json()
    answer = client.get(result["mask"])
    assert "scene_mask.png" in answer.headers["content-disposition"]
    mask = decode_mask(answer.content, name="mask")
    assert (mask[80, 62], mask[80, 120], mask[62, 120], mask[80, 100], mask[80, 58], mask[130, 120]) == (255, 255, 255, 0, 0, 0)
    expected = imharmony.harmonize(read_rgb(drawn.photo), mask, "reinhard")
    assert np.array_equal(decode_rgb(file_of(client, result).content, name="file"), expected)


def test_strokes_correct_a_mask_that_was_given(client, keys):
    strokes = [{"radius": 4, "points": [[20, 20]]}, {"radius": 4, "points": [[100, 80]], "erase": True}]
    result = wish(client, photo=keys["photo"], mask=keys["mask"], strokes=strokes).json()
    mask = decode_mask(client.get(result["mask"]).content, name="mask")
    assert (mask[20, 20], mask[80, 100], mask[60, 80], mask[5, 5]) == (255, 0, 255, 0)


def test_a_cutout_is_laid_where_it_was_put(client, keys, drawn):
    result = wish(client, photo=keys["photo"], cutout=keys["cutout"], at=[-10, 30], scale=1.5).json()
    assert result["name"] == "disc_harmonized.png"
    files = read_photograph(drawn.cutout), read_photograph(drawn.photo)
    photograph, mask = composed(*files, Placement((-10, 30), 1.5), name="disc")
    expected = imharmony.harmonize(photograph.colours, mask, "reinhard")
    assert np.array_equal(decode_rgb(file_of(client, result).content, name="file"), expected)


def test_every_classical_model_is_offered_and_can_be_taken(client, keys):
    settings = client.get("/api/settings").json()
    assert settings["models"][0] == "reinhard"
    assert (settings["megabytes"], settings["megapixels"]) == (1, 1)
    assert wish(client, photo=keys["photo"], mask=keys["mask"], model="multiband").status_code == 201
    answer = wish(client, photo=keys["photo"], mask=keys["mask"], model="../x.safetensors")
    assert (answer.status_code, "not offered here; expected one of reinhard, starter" in answer.json()["error"]) == (400, True)


def test_a_file_keeps_its_kind_and_one_that_cannot_be_written_becomes_a_png(client, keys):
    buffer = io.BytesIO()
    Image.fromarray(np.full((HEIGHT, WIDTH, 3), 90, np.uint8)).save(buffer, "JPEG")
    for name, expected in (("a b.jpg", "a b_harmonized.jpg"), ("folder\\ü.JPG", "ü_harmonized.JPG"), ("x.gif", "x_harmonized.png")):
        photo = upload(client, buffer.getvalue(), name=name, role="photo").json()["id"]
        result = wish(client, photo=photo, mask=keys["mask"]).json()
        assert result["name"] == expected
        assert Image.open(io.BytesIO(file_of(client, result).content)).format == ("PNG" if expected.endswith("png") else "JPEG")


def bomb() -> bytes:
    """A PNG of a few hundred bytes that says it has 10^10 pixels."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return len(body).to_bytes(4, "big") + kind + body + zlib.crc32(kind + body).to_bytes(4, "big")

    head = (100_000).to_bytes(4, "big") * 2 + bytes([8, 2, 0, 0, 0])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(bytes(10_000))) + chunk(b"IEND", b"")


@pytest.mark.parametrize(
    ("data", "role", "status", "message"),
    [
        (b"just text", "photo", 400, "a.png: not a readable image (cannot identify image file); expected a whole JPEG, PNG"),
        (b"<html>", "mask", 400, "a.png: not a readable mask (a web page or other text)"),
        (b"", "photo", 400, "a.png: not a readable image (an empty file)"),
        (bomb(), "photo", 413, "a.png: too large to open safely (100000x100000, 10000 megapixels); expected at most 1 megapixels"),
        (bomb(), "mask", 413, "a.png: too large to open safely"),
        (encode_png(np.full((9, 9, 3), 9, np.uint8)), "cutout", 400, "a.png: opaque everywhere; expected a cut-out"),
        (encode_png(np.full((9, 9, 3), (9, 99, 200), np.uint8)), "mask", 400, "a.png: a picture in colours"),
        (b"x", "wallpaper", 422, "role: Input should be 'photo', 'mask' or 'cutout'"),
    ],
)
def test_what_is_no_picture_is_refused_in_one_line(client, data, role, status, message):
    answer = upload(client, data, name="../../etc/a.png", role=role)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert answer.json()["error"].startswith(message)
    assert "\n" not in answer.json()["error"]


@pytest.mark.parametrize(
    ("change", "status", "message"),
    [
        ({"mask": None}, 400, "the painted mask: the mask is black everywhere"),
        ({"mask": "guess"}, 404, "not kept any more"),
        ({"photo": "guess"}, 404, "not kept any more"),
        ({"mask": None, "cutout": "photo"}, 400, "opaque everywhere"),
        ({"mask": "photo"}, 400, "given as a photograph; expected a mask"),
        ({"photo": "mask"}, 400, "given as a mask; expected a photograph"),
        ({"mask": None, "cutout": "cutout", "at": [9000, 0]}, 400, "nothing of it lies on the background"),
        ({"mask": None, "cutout": "cutout", "scale": 1e9}, 400, "expected one by which no side is below 1"),
        ({"mask": None, "cutout": "cutout", "scale": 0}, 422, "expected photo, model, and a mask"),
        ({"direction": "up"}, 422, "not a wish"),
        ({"out": "/tmp/x"}, 422, "unknown field `out`"),
        ({"strokes": [{"radius": -1, "points": [[1, 1]]}]}, 422, "not a wish"),
        ({"strokes": [{"radius": 1, "points": []}]}, 422, "not a wish"),
        ({"strokes": [{"radius": 1, "points": [[1e99, 1]]}]}, 422, "not a wish"),
    ],
)
def test_a_wrong_wish_is_refused_in_one_line(client, keys, change, status, message):
    asked = {name: keys.get(value, value) if isinstance(value, str) else value for name, value in change.items()}
    answer = wish(client, **{"photo": keys["photo"], "mask": keys["mask"]} | asked)
    assert (answer.status_code, list(answer.json())) == (status, ["error"])
    assert message in answer.json()["error"]


def test_a_mask_of_another_size_is_named(client, keys):
    turned = Image.fromarray(np.eye(300, 30, dtype=np.uint8) * 255)
    exif = Image.Exif()
    exif[274] = 6
    buffer = io.BytesIO()
    turned.save(buffer, "PNG", exif=exif)
    mask = upload(client, buffer.getvalue(), name="other.png", role="mask").json()["id"]
    error = wish(client, photo=keys["photo"], mask=mask).json()["error"]
    assert error.startswith(f"other.png: the mask is 300x30 pixels; expected {WIDTH}x{HEIGHT}")
    assert "other.png is stored as 30x300 and its EXIF orientation (6) turns it to 300x30" in error


@pytest.mark.parametrize("strength", ["2", "nan", "much"])
def test_a_strength_that_is_none_is_refused(client, keys, strength):
    result = wish(client, photo=keys["photo"], mask=keys["mask"]).json()
    answer = file_of(client, result, strength)
    assert answer.status_code in (400, 422)
    assert "strength" in answer.json()["error"]


def test_a_long_upload_is_refused_before_it_has_come(server):
    host, port = "127.0.0.1", int(server.address.rstrip("/").rsplit(":", 1)[1])
    for head in ("Content-Length: 200000000", "Transfer-Encoding: chunked"):
        with socket.create_connection((host, port), timeout=20) as line:
            line.sendall(f"POST /api/pictures?role=photo HTTP/1.1\r\nHost: {host}\r\n{head}\r\n\r\n".encode())
            if "chunked" in head:
                line.sendall(b"180000\r\n" + bytes(0x180000) + b"\r\n")
            answer = ""
            while not answer.endswith("}"):
                answer += line.recv(65536).decode()
        assert answer.startswith("HTTP/1.1 413")
        assert "more than 1 MB; expected a smaller file" in answer


def test_a_client_that_sends_all_of_a_long_upload_still_reads_the_refusal(client):
    answer = upload(client, bytes(60_000_000), name="large.png", role="photo")
    assert (answer.status_code, list(answer.json())) == (413, ["error"])


def test_a_wish_of_too_many_strokes_says_so(client, keys):
    strokes = [{"radius": 1, "points": [[0.123456, 1.123456]] * 100_000}] * 3
    answer = wish(client, photo=keys["photo"], strokes=strokes)
    assert (answer.status_code, answer.json()["error"]) == (413, "more than 4 MB; expected fewer strokes; save the mask and go on")


@pytest.mark.parametrize("host", ["evil.example", "127.0.0.1.evil.example", "10.0.0.1"])
def test_another_name_is_not_answered(client, host):
    for method, address in (("GET", "/"), ("POST", "/api/pictures?role=photo")):
        answer = client.request(method, address, headers={"Host": host})
        assert (answer.status_code, list(answer.json())) == (421, ["error"])


@pytest.mark.parametrize("headers", [{"Origin": "http://evil.example"}, {"Sec-Fetch-Site": "cross-site"}])
def test_a_page_of_another_site_uploads_nothing(client, headers):
    answer = client.post("/api/pictures?role=photo", headers=headers, content=b"x")
    assert (answer.status_code, list(answer.json())) == (403, ["error"])


def test_nothing_comes_from_elsewhere_and_no_other_site_may_read(client):
    answer = client.get("/", headers={"Origin": "http://evil.example"})
    assert answer.headers["content-security-policy"].startswith("default-src 'none'")
    assert not any(name.startswith("access-control") or name == "set-cookie" for name in answer.headers)


@pytest.mark.parametrize("address", ["/docs", "/openapi.json", "/page/..%2Fserver.py", "/page/index.html", "/api/pictures/guess"])
def test_what_there_is_not_is_not_found(client, address):
    answer = client.get(address)
    assert (answer.status_code, list(answer.json())) == (404, ["error"])


def test_several_visitors_at_once_are_served_or_sent_away(client, drawn):
    def visit(_number):
        keys = [
            upload(client, path.read_bytes(), name=path.name, role=role) for path, role in ((drawn.photo, "photo"), (drawn.mask, "mask"))
        ]
        if any(answer.status_code != 201 for answer in keys):
            return {answer.status_code for answer in keys} - {201}
        return {wish(client, photo=keys[0].json()["id"], mask=keys[1].json()["id"]).status_code}

    with ThreadPoolExecutor(6) as pool:
        found = set.union(*pool.map(visit, range(6)))
    assert found <= {201, 503}
    assert 201 in found
