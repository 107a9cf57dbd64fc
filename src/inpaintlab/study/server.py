"""The server: the page's files, and two requests about votes.

    GET  api/state?participant=<id>
    POST api/vote   {participant, number, choice: left | right, shown, seconds}

Both answer {total, answered, limited, trial}. ``limited``: whether pairs may vanish after a time. ``trial``: {number,
left, right, exposure}, the first one without an answer, with the addresses of its pictures, or null at the end. So a
vote is on disk before the next pair is known to the page. The first vote on a trial counts: sent twice, by a double
click or after a lost answer, it changes nothing.
"""

import json
import math
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.serving import Guard, listen, serve
from inpaintlab.study.definition import Study
from inpaintlab.study.store import VoteStore
from inpaintlab.study.trials import count, plan

try:
    import uvicorn  # noqa: F401 that serves it
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Mount, Route
    from starlette.staticfiles import StaticFiles
except ImportError as error:
    raise UserError("study: needs starlette and uvicorn; pip install 'inpaintlab[study]'") from error

__all__ = ["listen", "make_app", "serve"]

PARTICIPANT = re.compile(r"[A-Za-z0-9_-]{1,64}")
LARGEST = 1000
"""Bytes of a vote."""


def make_app(
    study: Study, store: VoteStore, page: Path, bound: str = "127.0.0.1", hosts: Sequence[str] = ()
) -> Starlette:
    """Return the application that serves ``page`` and takes votes for ``study`` into ``store``.

    ``bound`` and ``hosts``: the names that it answers to, see ``Guard``; no other page may send votes.
    """

    def state(participant: str) -> JSONResponse:
        answered, total = store.answered(participant), count(study)
        trial = None
        if answered < total:
            shown = plan(study, participant)[answered]
            left, right = (f"pictures/{shown.item['pictures'][method]}" for method in (shown.left, shown.right))
            trial = {"number": answered, "left": left, "right": right, "exposure": shown.exposure}
        body = {"total": total, "answered": answered, "limited": any(study.exposures), "trial": trial}
        return JSONResponse(body, headers={"Cache-Control": "no-store"})

    async def get_state(request: Request) -> JSONResponse:
        return state(_participant(request.query_params.get("participant")))

    async def post_vote(request: Request) -> JSONResponse:
        vote = await _read(request)
        participant, number, choice = _participant(vote.get("participant")), vote.get("number"), vote.get("choice")
        if type(number) is not int or choice not in ("left", "right"):
            raise HTTPException(400, "number and choice (left or right) are needed")
        answered = store.answered(participant)
        if not 0 <= number <= answered or number >= count(study):
            raise HTTPException(409, f"trial {number} has not been asked; the next one is {answered}")
        if number == answered:
            trial = plan(study, participant)[number]
            store.add(participant, number, trial, choice, _seconds(vote.get("shown")), _seconds(vote.get("seconds")))
        return state(participant)

    routes = [
        Route("/api/state", get_state),
        Route("/api/vote", post_vote, methods=["POST"]),
        Mount("/", StaticFiles(directory=page, html=True)),
    ]
    guard = Middleware(Guard, largest=LARGEST, bound=bound, hosts=hosts)
    return Starlette(routes=routes, middleware=[guard])


def _participant(value: Any) -> str:
    if not isinstance(value, str) or not PARTICIPANT.fullmatch(value):
        raise HTTPException(400, "participant: expected 1 to 64 letters, digits, _ or -")
    return value


async def _read(request: Request) -> dict[str, Any]:
    try:
        vote = json.loads(await request.body())
    except (ValueError, RecursionError):
        vote = None
    if not isinstance(vote, dict):
        raise HTTPException(400, "expected a vote as JSON")
    return vote


def _seconds(value: Any) -> float | None:
    number = type(value) in (int, float) and 0 <= value < math.inf
    return float(value) if number else None
