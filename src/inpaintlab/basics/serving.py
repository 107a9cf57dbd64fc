"""A page on this machine: who may ask it, how much may be sent, and how it is served. Free of Starlette.

Any page that a browser shows may send requests to this machine, and a name that its owner points here makes that page
one of ours in the browser's eyes. So the server answers to its own names alone (``Host``), to its own pages alone
(``Origin``), and takes bodies of kinds that a foreign page cannot send without asking first.
"""

import ipaddress
import json
import socket
from collections.abc import Awaitable, Callable, MutableMapping, Sequence
from typing import Any
from urllib.parse import urlsplit

from inpaintlab.basics.errors import UserError

Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[MutableMapping[str, Any]]]
Send = Callable[[MutableMapping[str, Any]], Awaitable[None]]
App = Callable[[Scope, Receive, Send], Awaitable[None]]

LOCAL = frozenset(["localhost", "127.0.0.1", "::1"])
WRITING = frozenset(["POST", "PUT", "PATCH"])


class TooLarge(Exception):
    """The body goes on beyond the limit."""


class Guard:
    """ASGI middleware that refuses foreign hosts and origins, bodies of other kinds, and too large ones.

    Args:
        app: what is guarded.
        largest: bytes that a body may have.
        bound: the address that the server listens on. On a local one it answers to the names of this machine's inside;
            on any other also to all addresses in numbers, which no foreign page can have, and to the machine's name.
        hosts: further names by which browsers reach the page, as that of a web server in front; ``name`` or
            ``name:port``.

    A refusal is JSON, ``{"error": <kind>, "detail": <one line for people>}``: 403 for strangers, 415 for a body that is
    neither JSON nor a picture, 413 for one that is too large.
    """

    def __init__(self, app: App, largest: int, bound: str = "127.0.0.1", hosts: Sequence[str] = ()) -> None:
        self.app, self.largest = app, largest
        self.extra = frozenset(name.lower() for name in hosts)
        self.names = LOCAL | self.extra | {bound.lower()}
        self.public = bound.lower() not in LOCAL
        if self.public:
            machine = socket.gethostname().lower()
            self.names |= {machine, f"{machine.partition('.')[0]}.local"}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a request, or refuse it before the application sees any of it."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = {key.decode("latin-1").lower(): value.decode("latin-1") for key, value in scope["headers"]}
        refusal = self.refusal(scope["method"], headers)
        if refusal is not None:
            await _refuse(send, *refusal)
            return
        await self._counted(scope, receive, send)

    def refusal(self, method: str, headers: MutableMapping[str, str]) -> tuple[int, str] | None:
        """Return the status and the reason, or None for a request that may pass."""
        host, origin = headers.get("host", ""), headers.get("origin")
        if not self.knows(host):
            return 403, f"this page does not answer to the name {host or 'of nobody'}; use the address that was printed"
        if origin is not None and not self.is_own(origin, host):
            return 403, f"a page of {origin} may not use this one"
        if headers.get("sec-fetch-site") == "cross-site" and method != "GET":
            return 403, "another page may not use this one"
        if method in WRITING:
            kind = headers.get("content-type", "").partition(";")[0].strip().lower()
            if kind != "application/json" and not kind.startswith("image/"):
                return 415, f"a body of the kind {kind or 'unknown'}; expected application/json or image/..."
        length = headers.get("content-length", "0")
        if not length.isdecimal() or int(length) > self.largest:
            return 413, self._too_large()
        return None

    def knows(self, host: str) -> bool:
        """Tell whether a ``Host`` header names this server."""
        name = _name_of(host)
        return name in self.names or host.lower() in self.extra or (self.public and _is_address(name))

    def is_own(self, origin: str, host: str) -> bool:
        """Tell whether an ``Origin`` is the page that this server itself gave out."""
        try:
            place = urlsplit(origin).netloc.lower()
        except ValueError:
            return False
        return bool(place) and (place == host.lower() or place in self.extra or _name_of(place) in self.extra)

    def _too_large(self) -> str:
        return f"more than {self.largest} bytes ({self.largest / 1e6:.3g} MB) are not taken"

    async def _counted(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand the request on; a body whose length was not told is stopped where it grows too large."""
        taken, begun = 0, False

        async def take() -> MutableMapping[str, Any]:
            nonlocal taken
            message = await receive()
            taken += len(message.get("body", b""))
            if taken > self.largest:
                raise TooLarge
            return message

        async def give(message: MutableMapping[str, Any]) -> None:
            nonlocal begun
            begun = True
            await send(message)

        try:
            await self.app(scope, take, give)
        except TooLarge:
            if not begun:
                await _refuse(send, 413, self._too_large())


async def _refuse(send: Send, status: int, detail: str) -> None:
    kinds = {403: "Forbidden", 413: "TooLarge", 415: "UnsupportedKind"}
    body = json.dumps({"error": kinds[status], "detail": detail, "body": "", "errors": detail}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


def _name_of(host: str) -> str:
    """Return ``name`` of ``name:port`` and ``address`` of ``[address]:port``; "" for what is neither."""
    try:
        return (urlsplit(f"//{host}").hostname or "").lower()
    except ValueError:
        return ""


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True


def listen(host: str, port: int) -> socket.socket:
    """Take the port; ``UserError`` if that cannot be. Who calls before it is served waits, and is not refused."""
    sock = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    sock.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        sock.bind((host, port))
        sock.listen()
    except (OSError, OverflowError) as error:
        sock.close()
        raise UserError(f"port={port}: cannot listen on {host} ({error}); choose another, or port=0") from error
    return sock


def serve(app: App, sock: socket.socket) -> None:
    """Serve until Ctrl-C."""
    import uvicorn

    uvicorn.Server(uvicorn.Config(app, log_level="warning")).run(sockets=[sock])
