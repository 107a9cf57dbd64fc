"""The server of the page: its files, the page's own requests (``requests``) and IOPaint's (``iopaint``).

What is refused is ``{error, detail, body, errors}`` with a line for people in ``detail``, as IOPaint's page expects it.
"""

import asyncio
import importlib.resources
from collections.abc import Sequence
from contextlib import asynccontextmanager
from typing import Any

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.files import printable
from inpaintlab.basics.serving import Guard, listen, serve
from inpaintlab.painting.desk import Desk

try:
    import uvicorn  # noqa: F401 that serves it
    from starlette.applications import Starlette
    from starlette.exceptions import HTTPException
    from starlette.middleware import Middleware
    from starlette.requests import Request
    from starlette.responses import JSONResponse
    from starlette.routing import Mount
    from starlette.staticfiles import StaticFiles
except ImportError as error:
    raise UserError("paint: needs starlette and uvicorn; pip install 'inpaintlab[paint]'") from error

__all__ = ["listen", "make_app", "serve"]

HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; connect-src 'self'; "
        "base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    ),
    "X-Content-Type-Options": "nosniff",
    "Cross-Origin-Resource-Policy": "same-origin",
}


def make_app(desk: Desk, bound: str = "127.0.0.1", hosts: Sequence[str] = ()) -> Starlette:
    """Return the application; ``bound`` and ``hosts`` are the names that it answers to, see ``Guard``."""
    from inpaintlab.painting import iopaint, requests  # they need what is looked for above

    @asynccontextmanager
    async def lifespan(app: Starlette) -> Any:  # noqa: ARG001
        yield
        await asyncio.to_thread(desk.close)

    page = StaticFiles(directory=str(importlib.resources.files("inpaintlab.painting") / "page"), html=True)
    return Starlette(
        routes=[*requests.routes(desk), *iopaint.routes(desk), Mount("/", page)],
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
    detail = printable(detail)  # JSON can name half of a surrogate pair
    record = {"error": type(error).__name__, "detail": detail, "body": "", "errors": detail}
    return JSONResponse(record, status)
