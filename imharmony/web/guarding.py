"""Who may ask a server of ours, and what: looked at before anything else is.

A page of another site can make a visitor's browser send requests here, and a name that its owner points to this machine can make the
browser believe that they are the site's own. So the name asked for must be one that the page is served under, and what changes
something must come from the page. A program that is no browser says neither, and may ask.
"""

import ipaddress
import socket
from collections.abc import Iterable
from dataclasses import dataclass
from urllib.parse import urlsplit

from starlette.datastructures import Headers, MutableHeaders
from starlette.requests import ClientDisconnect
from starlette.responses import JSONResponse
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from imharmony.errors import InputError

READING = {"GET", "HEAD"}
OWN_PAGES = {"same-origin", "none"}  # of the header Sec-Fetch-Site; none: typed in, or from a bookmark
LOOPBACK = ("localhost", "127.0.0.1", "::1")
SCHEMES = {"http": "80", "https": "443"}
HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; img-src 'self' data:; style-src 'self'; script-src 'self'; connect-src 'self'; "
    "base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",  # the address of a page can be the key to it
    "X-Content-Type-Options": "nosniff",
}


@dataclass(frozen=True)
class Served:
    """The names that a page is served under, and the origins of it; ``any_address``: every address in digits too."""

    names: frozenset[str]
    origins: frozenset[str] = frozenset()
    any_address: bool = False

    def has_name(self, authority: str) -> bool:
        """Whether the header Host is of this server, by its name: the port may be another, forwarded, one."""
        name = _name_of(authority)
        return name is not None and (name in self.names or (self.any_address and _is_address(name)))

    def has_page(self, headers: Headers) -> bool:
        """Whether a request that changes something comes from the page itself, or from no browser."""
        origin, site = headers.get("origin"), headers.get("sec-fetch-site")
        if site is not None and site not in OWN_PAGES:
            return False
        if origin is None or (origin == "null" and site == "same-origin"):  # browsers may hide the origin of pages without a referrer
            return True
        authority = headers.get("host", "")
        return _plain(origin) in {*self.origins, *(_plain(f"{scheme}://{authority}") for scheme in SCHEMES)}


def served_under(host: str, public: Iterable[str] = ()) -> Served:
    """What a server that listens on ``host`` is called, and its ``public`` addresses, as a proxy before it has them."""
    addresses = [_public(address) for address in public]
    names = {host.lower(), *(name for _, name in addresses)}
    is_any = _is_address(host) and ipaddress.ip_address(host).is_unspecified
    if is_any:
        names |= {socket.gethostname().lower(), socket.getfqdn().lower(), f"{socket.gethostname().lower()}.local"}
    if is_any or host.lower() in LOOPBACK or (_is_address(host) and ipaddress.ip_address(host).is_loopback):
        names |= set(LOOPBACK)
    return Served(frozenset(names), frozenset(origin for origin, _ in addresses), any_address=is_any)


class Guard:
    """An application behind the checks above, with headers for all of its answers; a visitor who goes away is no error.

    ``what`` is served, the ``option`` that names another address, and the ``key`` of an error's sentence are for refusals.
    """

    def __init__(self, app: ASGIApp, served: Served, *, what: str, option: str, key: str) -> None:
        self._app = app
        self._served = served
        self._what, self._option, self._key = what, option, key

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in HEADERS.items():
                    headers.setdefault(name, value)
            await send(message)

        refusal = self._refusal(scope) if scope["type"] == "http" else None
        try:
            await (refusal or self._app)(scope, receive, with_headers)
        except ClientDisconnect:
            return

    def _refusal(self, scope: Scope) -> ASGIApp | None:
        headers = Headers(scope=scope)
        if not self._served.has_name(headers.get("host", "")):
            known = ", ".join(sorted(self._served.names))
            return self._refused(
                421, f"this {self._what} is not served under that name; expected one of {known}; name it with {self._option}"
            )
        if scope["method"] not in READING and not self._served.has_page(headers):
            return self._refused(403, f"this comes from a page of another site; expected one of this {self._what}'s")
        return None

    def _refused(self, status: int, sentence: str) -> ASGIApp:
        return JSONResponse({self._key: sentence}, status)


def _public(address: str) -> tuple[str, str]:
    """An address's origin and name."""
    try:
        parts = urlsplit(address)
        is_fine = parts.scheme in SCHEMES and parts.hostname and parts.path in ("", "/") and not (parts.query or parts.fragment)
        is_fine = is_fine and parts.username is None and address.isprintable() and " " not in address and parts.port != 0
    except ValueError:
        is_fine, parts = False, None
    if not is_fine or parts is None or parts.hostname is None:
        raise InputError(f"--public {address!r}: expected the address of the proxy, as https://study.example.org; correct it")
    return _plain(address), parts.hostname


def _plain(origin: str) -> str:
    """An origin as it is compared: small letters, without the port that goes without saying and without a slash at its end."""
    try:
        parts = urlsplit(origin.rstrip("/").lower())
        port = parts.port
    except ValueError:
        return ""
    shown = "" if port is None or str(port) == SCHEMES.get(parts.scheme) else f":{port}"
    return f"{parts.scheme}://{parts.hostname}{shown}" if parts.hostname else ""


def _name_of(authority: str) -> str | None:
    try:
        parts = urlsplit(f"//{authority}")
        _ = parts.port  # a ValueError where it is no number
    except ValueError:
        return None
    is_plain = parts.netloc == authority and "@" not in authority and not any(character.isspace() for character in authority)
    return parts.hostname.rstrip(".") if is_plain and parts.hostname else None


def _is_address(name: str) -> bool:
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
