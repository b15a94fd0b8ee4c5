"""The web service of a study: a page, its pictures, and where a vote is posted. Answers that are not pages are JSON.

Errors are ``{"detail": sentence}``: 404 for what the study does not have, 409 for a vote that contradicts an earlier one, 422 for a
vote that is none, 503 while the disk or the file of votes cannot be used. What comes first, and headers: ``imharmony.web.guarding``.
"""

import logging
import sqlite3
from pathlib import Path
from typing import Annotated

import msgspec
from fastapi import FastAPI, HTTPException, Request, Response
from fastapi.concurrency import run_in_threadpool
from fastapi.responses import FileResponse, JSONResponse
from msgspec import Meta

from opinion_study.definition import Study, Trial, picture_path
from opinion_study.store import RefusedVoteError, UnknownRaterError, VoteStore

log = logging.getLogger("uvicorn.error")

PAGE = Path(__file__).parent / "page"
PAGE_FILES = {"style.css": "text/css", "study.js": "text/javascript"}
LONGEST_BODY = 1000  # bytes; a vote has about 60
TOO_LONG = f"more than {LONGEST_BODY} bytes; expected a vote: token, trial and score"
PICTURES_AHEAD = 3  # are fetched while the rater looks at the current ones
RETRY = "the votes cannot be written at the moment; what was answered is kept; try again"


class PostedVote(msgspec.Struct, forbid_unknown_fields=True):
    """The body of a vote."""

    token: str
    trial: Annotated[int, Meta(ge=0)]
    score: int


def app_of(study: Study, folder: Path, store: VoteStore) -> FastAPI:
    """The service of the study in a folder."""
    app = FastAPI(openapi_url=None)  # its documentation's pages would load scripts from elsewhere

    @app.exception_handler(sqlite3.Error)
    @app.exception_handler(OSError)
    def not_now(_request: Request, error: Exception) -> Response:
        log.error("study %s: %s", study.name, " ".join(str(error).split()))
        return JSONResponse({"detail": RETRY}, 503)

    @app.get("/")
    def first_page() -> Response:
        return FileResponse(PAGE / "index.html")

    @app.get("/r/{token}")
    def rater_page(token: str) -> Response:
        return FileResponse(PAGE / "index.html", status_code=200 if _is_known(store, token) else 404)

    @app.get("/page/{name}")
    def page_file(name: str) -> Response:
        if name not in PAGE_FILES:
            raise HTTPException(404, f"no file {name!r} belongs to the page")
        return FileResponse(PAGE / name, media_type=PAGE_FILES[name])

    @app.get("/pictures/{name}")
    def picture(name: str) -> Response:
        if name not in study.pictures:
            raise HTTPException(404, f"no picture {name!r} is in this study")
        # Not as a file: its time would tell in which order the methods' pictures were made.
        data = picture_path(folder, name).read_bytes()
        return Response(data, media_type="image/png", headers={"Cache-Control": "private, max-age=86400, immutable"})

    @app.get("/api/study")
    def outline() -> dict:
        return {"mode": study.mode, "trials": len(study.orders[0])}

    @app.post("/api/raters", status_code=201)
    def begin() -> dict:
        return {"token": store.begin()}

    @app.get("/api/raters/{token}")
    def state(token: str) -> dict:
        return _state(study, store, token)

    @app.post("/api/votes")
    async def vote(request: Request) -> dict:
        return await run_in_threadpool(_record, study, store, await _body_of(request))

    return app


async def _body_of(request: Request) -> bytes:
    announced = request.headers.get("content-length", "0")
    if not announced.isdecimal() or int(announced) > LONGEST_BODY:
        raise HTTPException(413, TOO_LONG)
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > LONGEST_BODY:
            raise HTTPException(413, TOO_LONG)
    return body


def _record(study: Study, store: VoteStore, body: bytes) -> dict:
    try:
        vote = msgspec.json.decode(body, type=PostedVote)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        raise HTTPException(422, f"not a vote ({error}); expected token, trial and score") from error
    trials = _order_of(study, store, vote.token)
    if vote.trial >= len(trials):
        raise HTTPException(404, f"trial {vote.trial} is not in this study; expected 0 to {len(trials) - 1}")
    if not 1 <= vote.score <= study.choices:
        raise HTTPException(422, f"score {vote.score}; expected a whole number from 1 to {study.choices}")
    try:
        store.record(vote.token, trial=vote.trial, score=vote.score)
    except RefusedVoteError as error:
        raise HTTPException(409, str(error)) from error
    return _state(study, store, vote.token)


def _order_of(study: Study, store: VoteStore, token: str) -> list[Trial]:
    try:
        rater, _ = store.progress(token)
    except UnknownRaterError as error:
        raise HTTPException(404, str(error)) from error
    return study.order_of(rater)


def _is_known(store: VoteStore, token: str) -> bool:
    try:
        store.progress(token)
    except UnknownRaterError:
        return False
    return True


def _state(study: Study, store: VoteStore, token: str) -> dict:
    """How far a rater is, and the next trial; null when all is done."""
    trials = _order_of(study, store, token)
    _, done = store.progress(token)
    ahead = [name for trial in trials[done + 1 : done + 1 + PICTURES_AHEAD] for name in trial.pictures]
    return {
        "mode": study.mode,
        "trials": len(trials),
        "done": done,
        "trial": _shown(study, trials[done]) if done < len(trials) else None,
        "ahead": [f"/pictures/{name}" for name in ahead],
    }


def _shown(study: Study, trial: Trial) -> dict:
    images = [study.images[study.pictures[name].image] for name in trial.pictures]
    return {
        "pictures": [f"/pictures/{name}" for name in trial.pictures],
        "aspect": images[0].width / images[0].height if images else None,  # pictures are stored square
        "asked": trial.asked,
    }
