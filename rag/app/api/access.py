"""Who may do what: keys, hosts, origins.

Reading needs any key and writing an admin key, once keys are set; without keys the service only
listens on the machine's own address. Every decision here is a pure function of the request.
"""

from __future__ import annotations

import hashlib
import hmac
import ipaddress
import re
import secrets
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pydantic import SecretStr

from rag.app.api.errors import ApiError
from rag.core.config import Settings
from rag.core.errors import ConfigError

Need = Literal["nothing", "read", "write"]
_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "::1"})
_BODY_METHODS = frozenset({"POST", "PUT", "PATCH", "DELETE"})
# POST here only asks; every other changing request writes.
_REPORT = re.compile(r"/v1/eval/runs/[^/]+/report")
_ASKING = ("/v1/search", "/v1/ask", "/v1/chat/completions")


def is_loopback(host: str) -> bool:
    """Whether `host` is this machine's own address."""
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def need_of(method: str, path: str) -> Need:
    """What a request needs: nothing for the page and the probes, else to read or to write."""
    if not (path.startswith("/v1/") or path == "/metrics"):
        return "nothing"
    if method in ("GET", "HEAD") and _REPORT.fullmatch(path):
        return "nothing"  # its route wants a key or a ticket
    if method in _BODY_METHODS and path.rstrip("/") not in _ASKING:
        return "write"
    return "read"


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys in force, kept only as digests and compared in constant time."""

    read: tuple[bytes, ...] = ()
    write: tuple[bytes, ...] = ()

    @classmethod
    def of(cls, api_keys: Iterable[SecretStr], admin_keys: Iterable[SecretStr]) -> Keys:
        """Keys from settings; an admin key may also read."""
        write = tuple(_digest(key.get_secret_value()) for key in admin_keys)
        read = tuple(_digest(key.get_secret_value()) for key in api_keys)
        return cls(read + write, write)

    def __bool__(self) -> bool:
        return bool(self.read)

    def check(self, need: Need, authorization: str | None) -> str | None:
        """The caller's name for rate limits, or None without keys. Raises ApiError 401 or 403."""
        if not self or need == "nothing":
            return None
        scheme, _, key = (authorization or "").partition(" ")
        digest = _digest(key.strip())
        if scheme.lower() != "bearer" or not _among(digest, self.read):
            raise ApiError(
                401,
                "This service needs a key: send 'Authorization: Bearer <key>'."
                if not authorization
                else "The key is not one of this service's keys.",
                "invalid_api_key",
                headers={"WWW-Authenticate": "Bearer"},
            )
        if need == "write" and not _among(digest, self.write):
            raise ApiError(
                403,
                "This key may read but not change anything; use one of RAG_ADMIN_KEYS.",
                "admin_key_needed",
            )
        return "key:" + digest.hex()[:16]


class Tickets:
    """Leave to open one page for a while: a browser's link cannot carry a key in a header."""

    SECONDS = 3600

    def __init__(self, keys: Keys) -> None:
        self._keys = keys
        self._secret = secrets.token_bytes(32)

    def issue(self, name: str) -> str:
        """A ticket for `name`; empty when no keys are in force."""
        until = int(time.time()) + self.SECONDS
        return f"{until}-{self._sign(name, until)}" if self._keys else ""

    def check(self, name: str, ticket: str, authorization: str | None) -> None:
        """Raises ApiError 401 without a valid ticket or a key that may read."""
        until, _, signature = ticket.partition("-")
        if until.isascii() and until.isdigit() and len(until) < 15 and time.time() < int(until):
            good = self._sign(name, int(until))
            if hmac.compare_digest(good.encode(), signature.encode("utf-8", "replace")):
                return
        self._keys.check("read", authorization)

    def _sign(self, name: str, until: int) -> str:
        return hmac.new(self._secret, f"{until}:{name}".encode(), "sha256").hexdigest()


def _digest(key: str) -> bytes:
    return hashlib.sha256(key.encode("utf-8", "surrogateescape")).digest()


def _among(digest: bytes, known: Sequence[bytes]) -> bool:
    """Compare with every key, so that the time taken says nothing about which one came close."""
    found = False
    for one in known:
        found |= hmac.compare_digest(digest, one)
    return found


@dataclass(frozen=True, slots=True)
class Hosts:
    """Which Host and Origin headers are ours; foreign ones are how other sites reach localhost.

    `names` empty accepts any Host: only when the service listens beyond this machine with keys,
    where the names it is called by cannot be known.
    """

    names: frozenset[str] = _LOCAL_NAMES
    origins: frozenset[str] = field(default_factory=frozenset)

    def check(self, host: str | None, origin: str | None, fetch_site: str | None) -> None:
        """Raises ApiError 400 for a foreign Host, 403 for a foreign Origin."""
        name = _hostname(host)
        if name is None or (self.names and name not in self.names):
            raise ApiError(
                400, "This service is not called by that Host; see RAG_ALLOWED_HOSTS.", "bad_host"
            )
        if origin is not None and origin not in self.origins and not _same(origin, host or ""):
            raise ApiError(
                403, "Pages of another origin may not call; see RAG_ALLOWED_ORIGINS.", "bad_origin"
            )
        if origin is None and fetch_site == "cross-site":
            raise ApiError(403, "Pages of another site may not call this service.", "bad_origin")


def _hostname(host: str | None) -> str | None:
    """The name in a Host header, lower case, without port; None when it is not one."""
    if not host or any(c in host for c in "/\\@ \t?#"):
        return None
    try:
        parts = urlsplit(f"//{host}")
        _ = parts.port
    except ValueError:
        return None
    return parts.hostname


def _same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin)
    except ValueError:
        return False
    return parts.scheme in ("http", "https") and parts.netloc.lower() == host.lower()


def hosts_of(settings: Settings) -> Hosts:
    """The hosts and origins that `settings` allow."""
    wildcard = settings.host in ("0.0.0.0", "::", "")
    if wildcard and not settings.allowed_hosts:
        names: frozenset[str] = frozenset()
    else:
        own = set() if wildcard else {settings.host.lower()}
        names = _LOCAL_NAMES | own | {name.lower() for name in settings.allowed_hosts}
    return Hosts(names, frozenset(origin.rstrip("/") for origin in settings.allowed_origins))


def check_exposure(settings: Settings) -> None:
    """Raises ConfigError when the service would listen beyond this machine without keys."""
    if not is_loopback(settings.host) and not (settings.api_keys or settings.admin_keys):
        raise ConfigError(
            f"Listening on {settings.host} opens the documents to the network without a key.",
            "Set RAG_API_KEYS (to read) and RAG_ADMIN_KEYS (to change), or use --host 127.0.0.1.",
        )
