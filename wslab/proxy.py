"""The proxy variables of the environment, which must not catch what stays on this machine."""

from __future__ import annotations

import os
import urllib.request

__all__ = ["bypass_proxy"]


def bypass_proxy(host: str) -> None:
    """
    Exempt the server's host from the proxy of the environment, for clients in this process.

    ``websockets`` honours the proxy variables for 127.0.0.1 as well, where no proxy can help.
    """
    proxies = urllib.request.getproxies()
    if proxies and not urllib.request.proxy_bypass(host):
        # Some programs read only the one, some only the other, and some prefer the lower case.
        exempt = ",".join(filter(None, [proxies.get("no"), host]))
        os.environ["NO_PROXY"] = os.environ["no_proxy"] = exempt
