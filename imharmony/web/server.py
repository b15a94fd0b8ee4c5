"""The web service that harmonizes photographs: a page, uploads that stay in memory, and the harmonized file.

Errors are ``{"error": one line}``: 400 for a picture or a wish that is none, 404 for what is not kept any more, 413 for too many bytes or
pixels, 503 while too many wait. What comes first, and the headers, is in ``guarding``.
"""

import asyncio
import logging
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any
from urllib.parse import quote

import msgspec
import numpy as np
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.responses import FileResponse, JSONResponse
from starlette.exceptions import HTTPException as AnyHTTPException

from imharmony.errors import InputError, line_of
from imharmony.harmonizing.offers import CLASSICAL
from imharmony.pictures.images import encode_png
from imharmony.pictures.opening import TooManyPixelsError
from imharmony.web.bodies import EarlyRefusal, TooLongError, Uploads, body_of
from imharmony.web.shelf import GoneError, Shelf
from imharmony.web.turns import BusyError, Turns
from imharmony.web.work import Asked, Models, Picture, Result, Role, bytes_of, harmonized, read_upload

log = logging.getLogger("uvicorn.error")

PAGE = Path(__file__).parent / "page"
KINDS = {".css": "text/css", ".js": "text/javascript"}
PAGE_FILES = {path.name: KINDS[path.suffix] for path in PAGE.iterdir() if path.suffix in KINDS}
MOST_WAITING = 8
MOST_KEPT = 24  # uploads and results
KEPT_S = 30 * 60.0  # since somebody last asked for it
BYTES_A_PIXEL = 24  # of all that one result needs: photograph, cut-out, mask, and what was made of them
LONGEST_WISH = 4_000_000  # bytes; strokes of an hour's painting
GONE = "this picture is not kept any more; choose it again"
BUSY = "others are waiting already; try again in a minute"


@dataclass(frozen=True)
class Limits:
    """What is taken."""

    megabytes: int = 50
    megapixels: int = 100


def app_of(models: Models, limits: Limits = Limits(), *, turns: Turns | None = None, shelf: Shelf | None = None) -> FastAPI:
    """The service."""
    app = FastAPI(openapi_url=None)  # its documentation's pages would load scripts from elsewhere
    most_pixels = limits.megapixels * 1_000_000
    turns = turns or Turns(most=MOST_WAITING)
    shelf = shelf if shelf is not None else Shelf(most=MOST_KEPT, most_bytes=BYTES_A_PIXEL * most_pixels, seconds=KEPT_S)
    uploads = Uploads(most_bytes=limits.megabytes * 1_000_000)
    _tell_errors(app)

    def keep(thing: Picture | Result) -> str:
        asyncio.get_running_loop().call_later(shelf.seconds + 1, shelf.clear_old)
        return shelf.put(thing, size=bytes_of(_parts(thing)))

    @app.get("/")
    def first_page() -> Response:
        return FileResponse(PAGE / "index.html")

    @app.get("/page/{name}")
    def page_file(name: str) -> Response:
        if name not in PAGE_FILES:
            raise HTTPException(404, "no such file belongs to the page")
        return FileResponse(PAGE / name, media_type=PAGE_FILES[name])

    @app.get("/api/settings")
    def settings() -> dict[str, Any]:
        return {"models": models.names, "classical": list(CLASSICAL), "megabytes": limits.megabytes, "megapixels": limits.megapixels}

    @app.post("/api/pictures", status_code=201)
    async def upload(request: Request, role: Role, name: str = "") -> dict[str, Any]:
        data = await uploads.read(request)
        picture = await turns.run(partial(read_upload, data, name=name, role=role, most_pixels=most_pixels))
        key = keep(picture)
        height, width = picture.content.shape if isinstance(picture.content, np.ndarray) else picture.content.colours.shape[:2]
        return {"id": key, "name": picture.name, "width": width, "height": height, "shown": f"/api/pictures/{key}"}

    @app.get("/api/pictures/{key}")
    async def picture(key: str) -> Response:
        return _picture(shelf.get(key, Picture).shown)

    @app.post("/api/results", status_code=201)
    async def harmonize(request: Request) -> dict[str, Any]:
        asked = _asked(await body_of(request, most_bytes=LONGEST_WISH))
        photo = shelf.get(asked.photo, Picture)
        key = asked.cutout or asked.mask
        other = None if key is None else shelf.get(key, Picture)

        def work() -> tuple[Result, dict[str, Any]]:
            result = harmonized(asked, photo=photo, other=other, harmonizer=models.get(asked.model))
            return result, result.told()

        result, told = await turns.run(work)
        key, proposal = keep(result), result.proposal
        facts = {"name": result.out.name, "middle": result.middle, "change": told}
        facts |= {"trust": proposal.said.trust, "trusted": proposal.is_trusted}
        return facts | {name: f"/api/results/{key}/{name}" for name in ("before", "after", "mask", "file", "words")}

    @app.get("/api/results/{key}/words")
    async def words(key: str, strength: float = 1.0) -> dict[str, Any]:
        return await turns.run(partial(shelf.get(key, Result).told, strength))

    @app.get("/api/results/{key}/file")
    async def file(key: str, strength: float = 1.0) -> Response:
        result = shelf.get(key, Result)
        data = await turns.run(partial(result.file, strength))
        return Response(data, media_type="application/octet-stream", headers=_as_file(result.out.name))

    @app.get("/api/results/{key}/mask")
    async def mask(key: str) -> Response:
        result = shelf.get(key, Result)
        data = await turns.run(partial(encode_png, result.matte, level=6))
        return Response(data, media_type="image/png", headers=_as_file(f"{result.out.stem.removesuffix('_harmonized')}_mask.png"))

    @app.get("/api/results/{key}/{which}")
    async def shown(key: str, which: str) -> Response:
        result = shelf.get(key, Result)
        if which not in ("before", "after"):
            raise HTTPException(404, "expected before, after, mask, file or words")
        return _picture(result.before if which == "before" else result.after)

    return app


def _tell_errors(app: FastAPI) -> None:
    """All errors as one line."""

    @app.exception_handler(InputError)
    @app.exception_handler(OSError)
    @app.exception_handler(MemoryError)
    async def wrong(_request: Request, error: InputError | OSError | MemoryError) -> Response:
        status = 413 if isinstance(error, TooManyPixelsError) else 400 if isinstance(error, InputError) else 503
        return JSONResponse({"error": line_of(error)}, status)

    @app.exception_handler(TooLongError)
    async def too_long(request: Request, error: Exception) -> Response:
        is_picture = request.url.path == "/api/pictures"
        advice = (
            "a smaller file; save it smaller, or start with --max-megabytes" if is_picture else "fewer strokes; save the mask and go on"
        )
        return EarlyRefusal({"error": f"{error}; expected {advice}"}, 413, headers={"Connection": "close"})

    @app.exception_handler(GoneError)
    async def gone(_request: Request, _error: Exception) -> Response:
        return JSONResponse({"error": GONE}, 404)

    @app.exception_handler(BusyError)
    async def busy(_request: Request, _error: Exception) -> Response:
        return JSONResponse({"error": BUSY}, 503, headers={"Retry-After": "60"})

    @app.exception_handler(RequestValidationError)
    async def no_wish(_request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        return JSONResponse({"error": f"{first['loc'][-1]}: {first['msg']}"}, 422)

    @app.exception_handler(AnyHTTPException)
    async def other(_request: Request, error: AnyHTTPException) -> Response:
        return JSONResponse({"error": str(error.detail)}, error.status_code, headers=error.headers)

    @app.exception_handler(Exception)
    async def defect(_request: Request, _error: Exception) -> Response:
        return JSONResponse({"error": "the server has failed at this; what it prints says why"}, 500)


def _asked(body: bytes) -> Asked:
    try:
        return msgspec.json.decode(body, type=Asked)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HTTPException(422, f"not a wish ({error}); expected photo, model, and a mask, strokes or a cut-out") from error


def _picture(data: bytes) -> Response:
    return Response(data, media_type="image/png" if data.startswith(b"\x89PNG") else "image/jpeg")


def _as_file(name: str) -> dict[str, str]:
    return {"Content-Disposition": f"attachment; filename*=utf-8''{quote(name, safe='')}"}


def _parts(thing: Picture | Result) -> list[Any]:
    """Arrays and bytes."""
    if isinstance(thing, Picture):
        content = thing.content if isinstance(thing.content, tuple) else (thing.content,)
        return [*content, thing.shown, thing.data]
    said, small = thing.proposal.said, thing.small
    made = [thing.proposal.photo, thing.proposal.region, said.maps, said.base, small.photo, small.region, small.said.base]
    return [*thing.photograph, thing.matte, *made, thing.before, thing.after]
