"""Tests of wslab.proxy: what stays on this machine goes through no proxy."""

from __future__ import annotations

import os

import pytest

import wslab

pytestmark = pytest.mark.usefixtures("leaves_nothing")


@pytest.fixture
def no_proxy(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    """An environment without a proxy, which is put back afterwards."""
    for name in [name for name in os.environ if name.lower().endswith("_proxy")]:
        monkeypatch.delenv(name)
    for name in ("no_proxy", "NO_PROXY"):
        monkeypatch.setenv(name, "")
        monkeypatch.delenv(name)
    return monkeypatch


@pytest.mark.parametrize("variable", ["http_proxy", "HTTPS_PROXY", "All_Proxy", "ws_proxy"])
def test_a_server_is_exempt(variable: str, no_proxy: pytest.MonkeyPatch) -> None:
    """Under both names, whatever names the proxy and however it is spelled."""
    no_proxy.setenv(variable, "http://127.0.0.1:1")
    with wslab.serve(wslab.handlers.echo) as server:
        assert (os.environ["no_proxy"], os.environ["NO_PROXY"]) == ("127.0.0.1", "127.0.0.1")
        assert wslab.talk(server.url, "hello") == ["hello"]


def test_what_is_exempt_already_stays_so(no_proxy: pytest.MonkeyPatch) -> None:
    """The host is added, once."""
    no_proxy.setenv("http_proxy", "http://127.0.0.1:1")
    no_proxy.setenv("no_proxy", "example.org")
    for _ in range(2):
        with wslab.serve(wslab.handlers.echo):
            assert os.environ["no_proxy"] == os.environ["NO_PROXY"] == "example.org,127.0.0.1"


@pytest.mark.usefixtures("no_proxy")
def test_without_a_proxy_nothing_is_set() -> None:
    """The environment stays as it is."""
    with wslab.serve(wslab.handlers.echo):
        assert "no_proxy" not in os.environ
