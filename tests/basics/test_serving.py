import asyncio
import json
import socket

import pytest

from inpaintlab.basics.errors import UserError
from inpaintlab.basics.serving import Guard, listen


async def app(scope, receive, send):
    """Count the bytes of the body."""
    count, more = 0, True
    while more:
        message = await receive()
        count, more = count + len(message["body"]), message["more_body"]
    await send({"type": "http.response.start", "status": 200, "headers": []})
    await send({"type": "http.response.body", "body": str(count).encode()})


def ask(method="GET", chunks=(b"",), bound="127.0.0.1", hosts=(), **headers):
    """Send a request straight to the guard; return the status and the body."""
    headers = {"host": "127.0.0.1:8765"} | {key.replace("_", "-"): value for key, value in headers.items()}
    scope = {
        "type": "http",
        "method": method,
        "headers": [(key.encode(), value.encode()) for key, value in headers.items() if value is not None],
    }
    parts = [{"type": "http.request", "body": part, "more_body": True} for part in chunks]
    parts[-1]["more_body"] = False
    sent = []

    async def receive():
        return parts.pop(0)

    async def send(message):
        sent.append(message)

    asyncio.run(Guard(app, 100, bound, hosts)(scope, receive, send))
    return sent[0]["status"], sent[1]["body"]


def status(*words, **headers):
    return ask(*words, **headers)[0]


@pytest.mark.parametrize("host", ["127.0.0.1:8765", "localhost:8765", "LOCALHOST", "[::1]:8765"])
def test_it_answers_to_the_names_of_this_machine(host):
    assert status(host=host) == 200


@pytest.mark.parametrize(
    "host", ["evil.example", "evil.example:8765", "192.168.0.7:8765", "127.0.0.1.evil.example", "", "[", None]
)
def test_a_name_that_somebody_points_here_is_refused(host):
    code, body = ask(host=host)
    assert code == 403
    assert set(json.loads(body)) == {"error", "detail", "body", "errors"}


def test_in_a_network_addresses_in_numbers_are_answered_but_no_foreign_names():
    assert status(bound="0.0.0.0", host="192.168.0.7:8765") == 200
    assert status(bound="0.0.0.0", host="[fe80::1]:8765") == 200
    assert status(bound="0.0.0.0", host=f"{socket.gethostname()}:8765") == 200
    assert status(bound="0.0.0.0", host="evil.example") == 403


def test_a_web_server_in_front_is_named():
    names = {"host": "127.0.0.1:8765", "origin": "https://study.example.org"}
    assert status("POST", content_type="application/json", **names) == 403
    assert status("POST", hosts=["study.example.org"], content_type="application/json", **names) == 200
    assert status(hosts=["study.example.org"], host="study.example.org") == 200


JSON = {"content_type": "application/json"}


@pytest.mark.parametrize(
    "origin",
    ["http://evil.example", "null", "http://127.0.0.1:9999", "http://localhost:8765", "https://[", "127.0.0.1:8765"],
)
def test_another_pages_request_is_refused(origin):
    assert status("POST", origin=origin, **JSON) == 403
    assert status("GET", origin=origin) == 403


def test_its_own_page_and_programs_may_write():
    assert status("POST", origin="http://127.0.0.1:8765", **JSON) == 200
    assert status("POST", **JSON) == 200
    assert status("POST", sec_fetch_site="cross-site", **JSON) == 403
    assert status("GET", sec_fetch_site="cross-site") == 200  # a link to it


def test_bodies_that_a_form_could_send_are_refused():
    for kind in ("text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", "", None):
        assert status("POST", content_type=kind) == 415
    for kind in ("application/json; charset=utf-8", "image/png", "IMAGE/JPEG"):
        assert status("POST", content_type=kind) == 200


def test_large_bodies_are_stopped_whether_they_tell_their_length_or_not():
    assert ask("POST", [b"x" * 60, b"x" * 40], **JSON) == (200, b"100")
    assert status("POST", [b"x" * 60, b"x" * 41], **JSON) == 413
    assert status("POST", content_length="101", **JSON) == 413
    assert status("POST", content_length="-1", **JSON) == 413


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_an_address_of_ipv6_is_taken_for_one():
    with pytest.raises(UserError, match=r"cannot listen on ::ffff:203.0.113.1"):
        listen("::ffff:203.0.113.1", 0)  # an address of nobody here


def test_a_port_answers_as_soon_as_it_is_told_and_is_nobody_elses():
    with listen("127.0.0.1", 0) as sock:
        socket.create_connection(sock.getsockname(), timeout=5).close()
        with pytest.raises(UserError, match="cannot listen on"):
            listen(*sock.getsockname())
