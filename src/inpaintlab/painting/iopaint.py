"""IOPaint's HTTP API (1.6), so that its page and clients work with any model here.

    POST /api/v1/inpaint        {image, mask, ...}: base64 or a data URL; the answer is the picture's bytes
    GET  /api/v1/server-config  models, and all that there is not here
    GET  /api/v1/model          the model of the next inpaint; POST {name} changes it
    GET  /api/v1/inputimage     the picture that the command line named
    GET  /api/v1/samplers       none

Of the diffusion models' keys only ``sd_seed`` is read, which comes back as ``X-Seed``; keys that are unknown, and there
are misspelt ones in its own page, are ignored. The strategy is ours: crops around the holes.
"""

import asyncio
import base64
import binascii
from typing import Any

import numpy as np
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from inpaintlab.basics.errors import UserError
from inpaintlab.painting.desk import Desk
from inpaintlab.painting.files import Open, as_file, open_upload, read_mask
from inpaintlab.painting.jobs import PATIENCE

ABSENT = {
    "plugins": [],
    "removeBGModel": "",
    "removeBGModels": [],
    "realesrganModel": "",
    "realesrganModels": [],
    "interactiveSegModel": "",
    "interactiveSegModels": [],
    "enableFileManager": False,
    "enableAutoSaving": False,
    "enableControlnet": False,
    "controlnetMethod": None,
    "disableModelSwitch": False,
    "isDesktop": False,
    "samplers": [],
}
"""What its page asks for and does without."""
SEED = 42
"""IOPaint's own default."""


def model_info(name: str) -> dict[str, Any]:
    """Return IOPaint's ModelInfo of an erasing model."""
    supports = ("strength", "outpainting", "lcm_lora", "controlnet", "brushnet", "powerpaint_v2")
    return {
        "name": name,
        "path": name,
        "model_type": "inpaint",
        "is_single_file_diffusers": False,
        "need_prompt": False,
        "controlnets": [],
        "brushnets": [],
        **{f"support_{what}": False for what in supports},
    }


def routes(desk: Desk) -> list[Route]:
    """Return IOPaint's requests."""

    async def config(request: Request) -> JSONResponse:  # noqa: ARG001
        return JSONResponse({**ABSENT, "modelInfos": [model_info(name) for name in desk.queues]})

    async def model(request: Request) -> JSONResponse:
        if request.method == "POST":
            name = (await read_json(request)).get("name")
            desk.queue(name)
            desk.chosen = name
        return JSONResponse(model_info(desk.chosen))

    async def inpaint(request: Request) -> Response:
        asked = await read_json(request)
        opened = await asyncio.to_thread(open_upload, decoded(asked, "image"), "image", desk.megapixels)
        hole = await asyncio.to_thread(read_mask, decoded(asked, "mask"), opened.size)
        result = await fill(desk, request, opened, hole)
        body = await asyncio.to_thread(as_file, result)
        kind = {"jpg": "jpeg"}.get(result.source.kind, result.source.kind)
        seed = asked.get("sd_seed", SEED)
        return Response(body, media_type=f"image/{kind}", headers={"X-Seed": str(seed if type(seed) is int else SEED)})

    async def input_image(request: Request) -> Response:  # noqa: ARG001
        if desk.photo is None:
            raise HTTPException(404, "no picture was named when the page was started")
        opened = desk.photo[1]
        body = await asyncio.to_thread(as_file, opened)
        return Response(body, media_type=f"image/{ {'jpg': 'jpeg'}.get(opened.source.kind, opened.source.kind) }")

    async def samplers(request: Request) -> JSONResponse:  # noqa: ARG001
        return JSONResponse([])

    return [
        Route("/api/v1/server-config", config),
        Route("/api/v1/model", model, methods=["GET", "POST"]),
        Route("/api/v1/inpaint", inpaint, methods=["POST"]),
        Route("/api/v1/inputimage", input_image),
        Route("/api/v1/samplers", samplers),
    ]


async def fill(desk: Desk, request: Request, opened: Open, hole: np.ndarray) -> Open:
    """Fill with the chosen model and wait; a client that goes away calls the job off."""
    queue = desk.queue(desk.chosen)
    while queue.state == "loading":
        await asyncio.sleep(PATIENCE)
    if not hole.any() and not queue.blind:
        return opened
    made = desk.submit(opened, desk.chosen, hole)
    while not made.job.finished:
        await asyncio.sleep(PATIENCE)
        if await request.is_disconnected():
            queue.cancel(made.job)
    if made.job.state == "failed":
        raise HTTPException(500, made.job.message)
    return made.result


async def read_json(request: Request) -> dict[str, Any]:
    """Return the body's object; ``UserError`` for anything else."""
    try:
        asked = await request.json()
    except (ValueError, RecursionError):
        asked = None
    if not isinstance(asked, dict):
        raise UserError("expected an object as JSON")
    return asked


def decoded(asked: dict[str, Any], key: str) -> bytes:
    """Return the file behind ``key``: base64, with or without the head of a data URL."""
    text = asked.get(key)
    if not isinstance(text, str):
        raise UserError(f"{key}: expected a picture file in base64")
    try:
        return base64.b64decode(text.partition(",")[2] if text.startswith("data:") else text, validate=True)
    except (binascii.Error, ValueError) as error:
        raise UserError(f"{key}: no base64 ({error})") from error
