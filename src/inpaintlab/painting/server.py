"""The server of the page: pictures, fills, test cases. IOPaint's requests are in ``iopaint``.

    GET    api/state                                  models, limits, the picture that the command line named
    POST   api/pictures?name=<file name>   <picture>  open a picture; ?fill=<id> without a body: take a result as one
    GET    api/pictures/<id>.png                      its upright pixels
    POST   api/pictures/<id>/truth         <picture>  say what it looks like without the hole; ?self=1: as it is
    GET    api/pictures/<id>/truth.png                what was said
    POST   api/pictures/<id>/case          <mask>     make it a test case
    POST   api/fills?picture=<id>&model=<name> <mask> fill it; a blind model takes no mask
    GET    api/fills/<id>                             how far that is: {state, place, seconds, how, scores, message}
    DELETE api/fills/<id>                             call it off
    GET    api/fills/<id>.png                         the result's pixels
    GET    api/fills/<id>/file                        the result in the format of the picture's file

Bodies are files as they are, pictures and masks alike. What is refused is ``{error, detail, body, errors}`` with a line
for people in ``detail``, as IOPaint's page expects it.
"""

import asyncio
import importlib.resources
import secrets
from collections.abc import Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import numpy as np

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.serving import Guard, listen, serve
from inpaintlab.painting.cases import evaluating, save_case
from inpaintlab.painting.files import (
    Open,
    as_file,
    as_png,
    file_name,
    filled,
    match_truth,
    open_upload,
    read_mask,
)
from inpaintlab.painting.jobs import Job, ModelQueue
from inpaintlab.painting.shelf import Shelf
from inpaintlab.painting.worker import Task

try:
    import uvicorn  # noqa: F401 that serves it
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse, Response
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles
except ImportError as error:
    raise UserError("paint: needs starlette and uvicorn; pip install 'inpaintlab[paint]'") from error

__all__ = ["Desk", "listen", "make_app", "serve"]

ROOM = 1 << 30
"""Bytes of pixels that are kept open."""
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


@dataclass(frozen=True)
class Fill:
    """A job, and the picture that it fills."""

    job: Job
    opened: Open

    @property
    def result(self) -> Open:
        """Return the filled picture; ``UserError`` if there is none yet."""
        if self.job.answer is None:
            raise UserError(f"{self.job.model}: {self.job.state}; there is no result")
        return filled(self.opened, self.job.answer.pixels, self.job.task.hole)


class Desk:
    """What the requests work with: the models' queues, what is open, and the limits.

    Args:
        queues: by the models' names as people see them.
        given: those names as ``inpaintlab.load`` takes them.
        photo: opened from the start; None: the page asks for one.
        output: folder of the test cases.
        megapixels: of a picture, at most.
    """

    def __init__(
        self,
        queues: Mapping[str, ModelQueue],
        given: Mapping[str, str],
        photo: Open | None,
        output: Path,
        megapixels: float,
    ) -> None:
        self.queues, self.given, self.output, self.megapixels = dict(queues), dict(given), output, megapixels
        self.pictures: Shelf[Open] = Shelf(ROOM)
        self.fills: Shelf[Fill] = Shelf(ROOM)
        self.photo = None if photo is None else (self.keep(photo), photo)
        self.chosen = next(iter(self.queues))
        """The model of IOPaint's requests."""

    @property
    def largest(self) -> int:
        """Return how many bytes a body may have: a picture without compression, in base64, and its mask."""
        return int(self.megapixels * 1e6 * 4 * 1.4) + (1 << 20)

    def keep(self, opened: Open) -> str:
        """Put a picture on its shelf and return its id."""
        key = secrets.token_hex(8)
        self.pictures.put(key, opened, opened.source.pixels.nbytes)
        return key

    def queue(self, model: str | None) -> ModelQueue:
        """Return a model's queue; ``UserError`` for a name that is none."""
        if model not in self.queues:
            raise UserError(f"model={model}: not on this page; expected one of {', '.join(self.queues)}")
        return self.queues[model]

    def submit(self, opened: Open, model: str | None, hole: np.ndarray | None) -> Fill:
        """Let a model fill a picture as soon as its turn comes."""
        queue = self.queue(model)
        if hole is None and queue.blind is not True:
            raise UserError(f"{model}: paint the hole first; this model must be told where it is")
        if hole is not None and not hole.any():
            raise UserError(f"{model}: nothing is painted; paint what is to be filled")
        if hole is not None and hole.all():
            raise UserError(f"{model}: everything is painted, nothing is known; leave something to go by")
        told = None if queue.blind else hole
        fill = Fill(queue.submit(Task(opened.source.pixels, told, opened.truth)), opened)
        self.fills.put(fill.job.id, fill, 2 * opened.source.pixels.nbytes)
        return fill

    def close(self) -> None:
        """End all models."""
        for queue in self.queues.values():
            queue.close()


def make_app(desk: Desk, bound: str = "127.0.0.1", hosts: Sequence[str] = ()) -> Starlette:
    """Return the application; ``bound`` and ``hosts`` are the names that it answers to, see ``Guard``."""
    from inpaintlab.painting import iopaint

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:  # noqa: ARG001
        yield
        await asyncio.to_thread(desk.close)

    page = StaticFiles(directory=str(importlib.resources.files("inpaintlab.painting") / "page"), html=True)
    return Starlette(
        routes=[*page_routes(desk), *iopaint.routes(desk), Mount("/", page)],
        middleware=[Middleware(Guard, largest=desk.largest, bound=bound, hosts=hosts), Middleware(WithHeaders)],
        exception_handlers={UserError: refuse, HTTPException: refuse, Exception: refuse},
        lifespan=lifespan,
    )


class WithHeaders:
    """ASGI middleware that adds ``HEADERS`` to every answer."""

    def __init__(self, app: Any) -> None:
        self.app = app

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Pass the request on, and the answer with more headers."""

        async def add(message: Any) -> None:
            if message["type"] == "http.response.start":
                more = [(key.lower().encode(), value.encode()) for key, value in HEADERS.items()]
                message["headers"] = [*message["headers"], *more]
            await send(message)

        await self.app(scope, receive, add)


def refuse(request: Request, error: Exception) -> JSONResponse:  # noqa: ARG001
    """Turn what went wrong into the answer that the page and IOPaint's clients read."""
    if isinstance(error, HTTPException):
        status, detail = error.status_code, error.detail
    elif isinstance(error, UserError):
        status, detail = 400, str(error)
    else:
        status, detail = 500, f"the server failed ({type(error).__name__}); its window tells more"
    record = {"error": type(error).__name__, "detail": detail, "body": "", "errors": detail}
    return JSONResponse(record, status)


def page_routes(desk: Desk) -> list[Route]:
    """Return the page's own requests."""

    def state(request: Request) -> JSONResponse:  # noqa: ARG001
        models = [
            {"name": name, "state": queue.state, "blind": queue.blind, "message": queue.message}
            for name, queue in desk.queues.items()
        ]
        photo = None if desk.photo is None else describe(*desk.photo)
        return JSONResponse({"models": models, "photo": photo, "megapixels": desk.megapixels, "bytes": desk.largest})

    async def open_picture(request: Request) -> JSONResponse:
        if (fill := request.query_params.get("fill")) is not None:
            opened = desk.fills.get(fill).result
        else:
            body, name = await request.body(), request.query_params.get("name", "picture.png")
            opened = await asyncio.to_thread(open_upload, body, name, desk.megapixels)
        return JSONResponse(describe(desk.keep(opened), opened))

    async def show_picture(request: Request) -> Response:
        return await png(desk.pictures.get(request.path_params["id"]))

    async def tell_truth(request: Request) -> JSONResponse:
        opened = desk.pictures.get(request.path_params["id"])
        if "self" in request.query_params:
            opened.truth = opened.source.pixels
        elif not (body := await request.body()):
            opened.truth = None
        else:
            truth = await asyncio.to_thread(open_upload, body, "truth", desk.megapixels)
            opened.truth = match_truth(truth.source, opened)
        return JSONResponse(describe(request.path_params["id"], opened))

    async def show_truth(request: Request) -> Response:
        opened = desk.pictures.get(request.path_params["id"])
        if opened.truth is None:
            raise HTTPException(404, "no truth was given for this picture")
        return Response(await asyncio.to_thread(as_png, opened.truth), media_type="image/png")

    async def make_case(request: Request) -> JSONResponse:
        opened = desk.pictures.get(request.path_params["id"])
        hole = await asyncio.to_thread(read_mask, await request.body(), opened.size)
        mask = await asyncio.to_thread(save_case, desk.output, opened, hole)
        command = evaluating(desk.output, desk.given[desk.chosen])
        return JSONResponse({"name": mask.name, "folder": str(desk.output), "command": command})

    async def begin_fill(request: Request) -> JSONResponse:
        opened = desk.pictures.get(request.query_params.get("picture", ""))
        body = await request.body()
        hole = await asyncio.to_thread(read_mask, body, opened.size) if body else None
        fill = desk.submit(opened, request.query_params.get("model"), hole)
        return JSONResponse(report(desk, fill), 202)

    def show_fill(request: Request) -> JSONResponse:
        return JSONResponse(report(desk, desk.fills.get(request.path_params["id"])))

    def cancel_fill(request: Request) -> JSONResponse:
        fill = desk.fills.get(request.path_params["id"])
        desk.queue(fill.job.model).cancel(fill.job)
        return JSONResponse(report(desk, fill))

    async def show_result(request: Request) -> Response:
        return await png(desk.fills.get(request.path_params["id"]).result)

    async def download(request: Request) -> Response:
        fill = desk.fills.get(request.path_params["id"])
        body = await asyncio.to_thread(as_file, fill.result)
        name = quote(file_name(fill.opened, fill.job.model))
        kind = media_type(fill.opened)
        return Response(body, media_type=kind, headers={"Content-Disposition": f"attachment; filename*=UTF-8''{name}"})

    return [
        Route("/api/state", in_loop(state)),
        Route("/api/pictures", open_picture, methods=["POST"]),
        Route("/api/pictures/{id}.png", show_picture),
        Route("/api/pictures/{id}/truth.png", show_truth),
        Route("/api/pictures/{id}/truth", tell_truth, methods=["POST"]),
        Route("/api/pictures/{id}/case", make_case, methods=["POST"]),
        Route("/api/fills", begin_fill, methods=["POST"]),
        Route("/api/fills/{id}.png", show_result),
        Route("/api/fills/{id}/file", download),
        Route("/api/fills/{id}", in_loop(show_fill)),
        Route("/api/fills/{id}", in_loop(cancel_fill), methods=["DELETE"]),
    ]


def in_loop(answer: Callable[[Request], Response]) -> Callable[[Request], Any]:
    """Let a quick answer be given at once: Starlette would hand a plain function to a thread."""

    async def answered(request: Request) -> Response:
        return answer(request)

    return answered


def describe(key: str, opened: Open) -> dict[str, Any]:
    """Say what the page must know of an open picture."""
    height, width = opened.size
    return {
        "id": key,
        "name": opened.name,
        "width": width,
        "height": height,
        "kind": opened.source.kind,
        "truth": opened.truth is not None,
        "notices": list(opened.source.notices),
    }


def report(desk: Desk, fill: Fill) -> dict[str, Any]:
    """Say how far a fill is."""
    job = fill.job
    record = {"id": job.id, "model": job.model, "state": job.state, "message": job.message}
    if job.state == "waiting":
        record["place"] = desk.queue(job.model).place(job)
    if job.answer is not None:
        record |= {"seconds": job.answer.seconds, "how": job.answer.how, "scores": job.answer.scores}
        record["file"] = file_name(fill.opened, job.model)
    return record


async def png(opened: Open) -> Response:
    """Return a picture's pixels for the page."""
    body = await asyncio.to_thread(as_png, opened.source.pixels, opened.source.alpha)
    return Response(body, media_type="image/png")


def media_type(opened: Open) -> str:
    """Return the kind of the file that a result becomes."""
    return "image/" + {"jpg": "jpeg"}.get(opened.source.kind, opened.source.kind)
