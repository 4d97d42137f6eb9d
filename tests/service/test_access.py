"""Who may do what, decided without a server."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from rag.app.api.access import Hosts, Keys, check_exposure, hosts_of, is_loopback, need_of
from rag.app.api.errors import ApiError
from rag.core.config import Settings
from rag.core.errors import ConfigError

KEYS = Keys.of([SecretStr("reader")], [SecretStr("admin")])


@pytest.mark.parametrize(
    ("method", "path", "need"),
    [
        ("GET", "/", "nothing"),
        ("GET", "/web/app.js", "nothing"),
        ("GET", "/livez", "nothing"),
        ("GET", "/openapi.json", "nothing"),
        ("GET", "/metrics", "read"),
        ("POST", "/v1/search", "read"),
        ("POST", "/v1/search/", "read"),
        ("POST", "/v1/ask", "read"),
        ("POST", "/v1/chat/completions", "read"),
        ("GET", "/v1/documents/abc", "read"),
        ("POST", "/v1/documents", "write"),
        ("DELETE", "/v1/documents/abc", "write"),
        ("POST", "/v1/eval/runs", "write"),
        ("PUT", "/v1/search", "read"),
        ("POST", "/v1/anything/new", "write"),
    ],
)
def test_what_a_request_needs(method: str, path: str, need: str) -> None:
    assert need_of(method, path) == need


def test_keys_open_what_they_should() -> None:
    assert KEYS.check("read", "Bearer reader") != KEYS.check("read", "Bearer admin")
    assert KEYS.check("write", "Bearer admin")
    assert KEYS.check("nothing", None) is None
    assert Keys().check("write", None) is None


@pytest.mark.parametrize(
    "header",
    [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic reader", "reader", "Bearer \udcff"],
)
def test_no_key_or_a_wrong_one_is_401(header: str | None) -> None:
    with pytest.raises(ApiError) as error:
        KEYS.check("read", header)
    assert error.value.status == 401
    assert error.value.headers == {"WWW-Authenticate": "Bearer"}


def test_a_reading_key_may_not_write() -> None:
    with pytest.raises(ApiError) as error:
        KEYS.check("write", "Bearer reader")
    assert error.value.status == 403


@given(st.text(max_size=40).filter(lambda key: key.strip() not in ("reader", "admin")))
def test_no_other_text_is_a_key(key: str) -> None:
    with pytest.raises(ApiError):
        KEYS.check("read", f"Bearer {key}")


def test_keys_are_not_kept_in_the_clear() -> None:
    assert "reader" not in repr(KEYS)


@pytest.mark.parametrize(
    "host", ["localhost", "localhost:8000", "127.0.0.1:1", "[::1]:80", "LOCALHOST"]
)
def test_our_own_names_pass(host: str) -> None:
    Hosts().check(host, None, None)
    Hosts().check(host, f"http://{host}", "same-origin")


@pytest.mark.parametrize(
    "host",
    [None, "", "evil.example", "localhost.evil.example", "localhost@evil.example", "localhost/",
     "127.0.0.1:99999999", "a b", "[::1", "evil.example#localhost"],
)  # fmt: skip
def test_foreign_hosts_are_refused(host: str | None) -> None:
    with pytest.raises(ApiError) as error:
        Hosts().check(host, None, None)
    assert error.value.status == 400


@pytest.mark.parametrize(
    "origin",
    [
        "http://evil.example",
        "null",
        "",
        "http://localhost:9000",
        "file://",
        "http://localhost:8000.evil.example",
    ],
)
def test_foreign_origins_are_refused(origin: str) -> None:
    with pytest.raises(ApiError) as error:
        Hosts().check("localhost:8000", origin, None)
    assert error.value.status == 403


def test_allowed_origins_and_hosts_pass() -> None:
    settings = Settings(allowed_origins=("https://chat.example",), allowed_hosts=("docs.example",))
    hosts = hosts_of(settings)
    hosts.check("docs.example", "https://chat.example", "cross-site")
    with pytest.raises(ApiError):
        hosts.check("other.example", None, None)


def test_a_cross_site_call_without_origin_is_refused() -> None:
    with pytest.raises(ApiError):
        Hosts().check("localhost", None, "cross-site")


def test_listening_to_all_accepts_any_name_unless_named() -> None:
    keys = (SecretStr("k"),)
    hosts_of(Settings(host="0.0.0.0", api_keys=keys)).check("anything.example", None, None)
    named = hosts_of(Settings(host="0.0.0.0", api_keys=keys, allowed_hosts=("a.example",)))
    with pytest.raises(ApiError):
        named.check("b.example", None, None)


@pytest.mark.parametrize("host", ["0.0.0.0", "::", "192.168.1.5", "docs.example"])
def test_listening_beyond_this_machine_needs_a_key(host: str) -> None:
    with pytest.raises(ConfigError, match="RAG_API_KEYS"):
        check_exposure(Settings(host=host))
    check_exposure(Settings(host=host, api_keys=(SecretStr("k"),)))


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1", "127.8.8.8", "::1"])
def test_loopback_needs_none(host: str) -> None:
    assert is_loopback(host)
    check_exposure(Settings(host=host))
