"""Who may ask, and what a browser may do with the answer.

The page is served on 127.0.0.1. That keeps other computers out, but not other pages in the same browser: they can send
requests here, and by a name that is made to lead to 127.0.0.1 they could read the answers. So every request is held
against these rules before anything else sees it:

1. Host is ours, port and all.
2. The method is GET, HEAD or POST; an Origin, where one is told, is ours.
3. The cookie is ours. It is given once, for the token in the address that `formclip ui` opens, with a redirect to the
   address without the token. It is HttpOnly and SameSite=Strict, so no other page's request carries it.
4. A write comes from a page of ours: by its Origin or Sec-Fetch-Site, and by the secret in its form, which looks.py
   puts there and app.py checks. Our own forms send the Origin "null", because Referrer-Policy is no-referrer.
5. What is sent is not larger than its address takes.

Every answer forbids the browser to load anything that is not ours, to run a script or a style that stands in the page,
to be framed, and to keep a copy.
"""

from __future__ import annotations

import hmac
import secrets
from http.cookies import CookieError, SimpleCookie
from urllib.parse import parse_qs

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import PlainTextResponse, RedirectResponse, Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_METHODS = ("GET", "HEAD", "POST")
_MOST_B = 256_000  # of a form
MOST_UPLOAD_B = 512_000_000  # of a recording: 10 h at 208 Hz as text
_UPLOADS = ("/import",)
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; connect-src 'self'; "
    "form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
_HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Permissions-Policy": "camera=(), microphone=(), geolocation=()",
}


class TooLarge(Exception):
    """More was sent than this address takes; args: the most that it takes, in bytes."""


class Guard:
    """Holds each request against the rules above, then hands it on.

    token     goes into the address that is opened; it lets in once
    secret    stands in every form of ours
    """

    def __init__(self, app: ASGIApp, port: int) -> None:
        self.app = app
        self.token = secrets.token_urlsafe(24)
        self.secret = secrets.token_urlsafe(24)
        self._cookie = secrets.token_urlsafe(32)
        self._name = f"formclip-{port}"  # cookies don't tell ports apart
        self._hosts = (f"127.0.0.1:{port}", f"localhost:{port}")
        self._token_used = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            return
        headers = Headers(scope=scope)
        refused = self._refusal(scope, headers)
        if refused is not None:
            await refused(scope, receive, _with_headers(send))
            return
        most_b = MOST_UPLOAD_B if scope["path"] in _UPLOADS else _MOST_B
        if _length(headers) > most_b:
            await too_large(most_b)(scope, receive, _with_headers(send))
            return
        scope.setdefault("state", {})["secret"] = self.secret
        await self.app(scope, _limited(receive, most_b), _with_headers(send))

    def _refusal(self, scope: Scope, headers: Headers) -> Response | None:
        """The answer to a request that is not let through; None for one that is."""
        hosts = headers.getlist("host")
        if len(hosts) != 1 or hosts[0] not in self._hosts:
            return _no(421, "This address is not one of formclip's page. Open the address that `formclip ui` printed.")
        if scope["method"] not in _METHODS:
            return _no(405, "The page answers GET, HEAD and POST.", Allow=", ".join(_METHODS))
        origin = headers.get("origin")
        if origin not in (None, "null", f"http://{hosts[0]}"):
            return _no(403, "Another page asked for this. Nothing was done.")
        if not self._known(headers):
            return self._let_in(scope)
        if "token" in parse_qs(scope["query_string"].decode("latin-1")):
            return RedirectResponse(scope["path"], 303)
        if scope["method"] == "POST" and origin in (None, "null") and headers.get("sec-fetch-site") != "same-origin":
            return _no(403, "The browser does not say that this came from formclip's own page. Nothing was done.")
        return None

    def _known(self, headers: Headers) -> bool:
        for line in headers.getlist("cookie"):
            try:
                found = SimpleCookie(line).get(self._name)
            except CookieError:
                continue
            if found is not None and _same(found.value, self._cookie):
                return True
        return False

    def _let_in(self, scope: Scope) -> Response:
        given = parse_qs(scope["query_string"].decode("latin-1")).get("token", [""])
        if scope["method"] != "GET" or self._token_used or not _same(given[0], self.token):
            return _no(
                403,
                "This browser is not let in. The address that `formclip ui` opens lets in once: stop `formclip ui` "
                "with Ctrl-C and start it again.",
            )
        self._token_used = True
        answer = RedirectResponse("/", 303)
        answer.set_cookie(self._name, self._cookie, httponly=True, samesite="strict", path="/")
        return answer


def _same(given: str, kept: str) -> bool:
    return hmac.compare_digest(given.encode("utf-8", "replace"), kept.encode())


def _no(status: int, text: str, **headers: str) -> Response:
    return PlainTextResponse(text + "\n", status, headers=headers)


def too_large(most_b: int) -> Response:
    return _no(
        413, f"More was sent than the {most_b / 1e6:g} MB that this takes. Nothing was kept.", Connection="close"
    )


def _length(headers: Headers) -> int:
    try:
        return int(headers.get("content-length", "0"))
    except ValueError:
        return MOST_UPLOAD_B + 1


def _limited(receive: Receive, most_b: int) -> Receive:
    """`receive`, which counts: a length may be untold or untrue."""
    came_b = 0

    async def counted() -> Message:
        nonlocal came_b
        message = await receive()
        came_b += len(message.get("body", b""))
        if came_b > most_b:
            raise TooLarge(most_b)
        return message

    return counted


def _with_headers(send: Send) -> Send:
    async def sending(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in _HEADERS.items():
                headers[name] = value
            headers.setdefault("Cache-Control", "no-store")
        await send(message)

    return sending
