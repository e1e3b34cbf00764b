"""What `bus.py` and `bus_outages.py` start: programs of theirs, and a Redis server."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

import redis
from redis.backoff import ConstantBackoff
from redis.retry import Retry

HERE = Path(__file__).parent


class Child:
    """A process that is told words, and answers JSON lines."""

    def __init__(self, program: str, *arguments: object, hiredis: bool) -> None:
        start = "" if hiredis else "import sys; sys.modules['hiredis'] = None; "
        code = f"{start}import runpy; runpy.run_path({str(HERE / program)!r}, run_name='__main__')"
        command = [sys.executable, "-c", f"import sys; sys.path.insert(0, {str(HERE)!r}); {code}"]
        pipes: dict[str, Any] = dict.fromkeys(("stdin", "stdout"), subprocess.PIPE)
        words = map(str, arguments)
        self.process = subprocess.Popen([*command, *words], text=True, bufsize=1, **pipes)

    def tell(self, words: str) -> None:
        assert self.process.stdin is not None
        self.process.stdin.write(words + "\n")

    def wait(self, key: str) -> dict[str, Any]:
        assert self.process.stdout is not None
        for line in self.process.stdout:
            answer: dict[str, Any] = json.loads(line)
            if key in answer:
                return answer
        raise RuntimeError(f"{self.process.args} ended before it told {key!r}")

    def end(self) -> None:
        self.process.communicate(timeout=20)

    def ask(self, words: str, key: str) -> dict[str, Any]:
        self.tell(words)
        return self.wait(key)


class RedisServer:
    """A private Redis server, on a socket in a temporary folder; use it with ``with``."""

    def __init__(self) -> None:
        self.folder = tempfile.TemporaryDirectory()
        self.url = f"unix://{self.folder.name}/redis.sock"

    def __enter__(self) -> RedisServer:
        self.start()
        return self

    def start(self) -> float:
        """Start it; return when it answered first."""
        options = ["--port", "0", "--unixsocket", "redis.sock", "--save", "", "--logfile", "log"]
        self.process = subprocess.Popen(["redis-server", *options], cwd=self.folder.name)
        with redis.Redis.from_url(self.url, retry=Retry(ConstantBackoff(0.005), 2000)) as client:
            client.ping()
        return time.monotonic()

    def kill(self) -> None:
        self.process.kill()
        self.process.wait(timeout=10)

    def cut(self) -> None:
        """Cut all subscriptions."""
        with redis.Redis.from_url(self.url) as client:
            client.client_kill_filter(_type="pubsub")

    def freeze(self) -> None:
        self.process.send_signal(signal.SIGSTOP)

    def thaw(self) -> None:
        self.process.send_signal(signal.SIGCONT)

    def __exit__(self, *_: object) -> None:
        self.kill()
        self.folder.cleanup()
