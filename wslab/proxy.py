"""The proxy variables of the environment, which must not catch what stays on this machine."""

from __future__ import annotations

import os
import sys
import urllib.parse
import urllib.request

__all__ = ["bypass_proxy"]


def bypass_proxy(url: str) -> None:
    """
    Exempt a server's host from the proxy of the environment, for clients in this process.

    ``websockets`` honours the proxy variables for 127.0.0.1 as well, where no proxy can help.
    """
    if sys.platform not in ("darwin", "win32"):  # which may name one elsewhere
        # First the names alone: to read all variables, as urllib does twice, takes a fifth of the
        # time in which a server starts.
        if b"_proxy" not in b" ".join(os.environb).lower():
            return
    proxies = urllib.request.getproxies()
    host = str(urllib.parse.urlsplit(url).hostname)
    if proxies and not urllib.request.proxy_bypass(host):
        # Some programs read only the one, some only the other, and some prefer the lower case.
        exempt = ",".join(filter(None, [proxies.get("no"), host]))
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = exempt
