"""The page's own requests: pictures, fills, test cases.

    GET    api/state                                  models, limits, the picture that the command line named
    POST   api/pictures?name=<file name>   <picture>  open a picture; ?fill=<id> without a body: take a result as one
    GET    api/pictures/<id>.png                      its upright pixels
    POST   api/pictures/<id>/truth         <picture>  say what it looks like without the hole; ?self=1: as it is
    GET    api/pictures/<id>/truth.png                what was said
    POST   api/pictures/<id>/case          <mask>     make it a test case
    POST   api/fills?picture=<id>&model=<name> <mask> fill it; a blind model takes no mask
    GET    api/fills/<id>                             how far that is, see ``report``
    DELETE api/fills/<id>                             call it off
    GET    api/fills/<id>.png                         the result's pixels
    GET    api/fills/<id>/file                        the result in the format of the picture's file

Bodies are files as they are, pictures and masks alike.
"""

import asyncio
from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inpaintlab.painting.cases import evaluating, save_case
from inpaintlab.painting.desk import Desk, Fill
from inpaintlab.painting.files import Open, as_file, as_png, file_name, match_truth, open_upload, read_mask


def routes(desk: Desk) -> list[Route]:
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
    """Say how far a fill is: {state, message}, {place} while it waits, then {seconds, how, file} and scores.

    Scores come later than the picture: ``scoring`` while they are to come, ``unscored`` says why there are none.
    """
    job = fill.job
    record = {"id": job.id, "model": job.model, "state": job.state, "message": job.message}
    if job.state == "waiting":
        record["place"] = desk.queue(job.model).place(job)
    if job.answer is not None:
        record |= {"seconds": job.answer.seconds, "how": job.answer.how, "file": file_name(fill.opened, job.model)}
        record["scoring"] = job.scoring  # looked at first, since the queue's thread may set the scores meanwhile
        record |= {"scores": job.scores, "unscored": job.unscored}
    return record


async def png(opened: Open) -> Response:
    """Return a picture's pixels for the page."""
    body = await asyncio.to_thread(as_png, opened.source.pixels, opened.source.alpha)
    return Response(body, media_type="image/png")


def media_type(opened: Open) -> str:
    """Return the kind of the file that a result becomes."""
    return "image/" + {"jpg": "jpeg"}.get(opened.source.kind, opened.source.kind)
