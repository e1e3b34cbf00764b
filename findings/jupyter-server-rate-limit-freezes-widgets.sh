#!/usr/bin/env bash
# jupyter_server: a widget whose quick changes end while iopub_msg_rate_limit (1000 a second) is exceeded shows an old value for good: the limit on output drops the messages of widgets too, also the last.
#
# Guess: the limit is for output (text, displays); of a widget's values some may be skipped, but the last one arrives.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check jupyter_server==2.21.1 ipykernel==7.4.0 ipywidgets==8.1.9 websockets==17.4
cat > "$folder/try.py" <<'PYTHON'
import asyncio
import importlib.metadata
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
import uuid

import websockets

CODE = """
from ipywidgets import IntSlider
slider = IntSlider(max=600)
for i in range(600):
    slider.value = i + 1
print("the kernel's slider is at", slider.value)
"""


def request(url, data=None):
    with urllib.request.urlopen(url, data, timeout=20) as answer:
        return json.load(answer)


def message(session, kind, content):
    header = {"msg_id": uuid.uuid4().hex, "msg_type": kind, "username": "", "session": session}
    header |= {"version": "5.4", "date": ""}
    body = {"header": header, "parent_header": {}, "metadata": {}, "content": content}
    return header["msg_id"], json.dumps(body | {"channel": "shell", "buffers": []})


async def run(url):
    """Run CODE; return the slider's last value that arrived, what was printed, and how many came."""
    session = uuid.uuid4().hex
    value, streams, updates = None, {}, 0
    async with websockets.connect(f"{url}?session_id={session}", max_size=None) as ws:
        content = {"code": CODE, "silent": False, "user_expressions": {}, "allow_stdin": False}
        sent, text = message(session, "execute_request", content)
        await ws.send(text)
        idle = False
        while True:
            try:  # 5 s more after the cell's end, for what may still come
                received = json.loads(await asyncio.wait_for(ws.recv(), 5 if idle else 60))
            except TimeoutError:
                return value, streams, updates
            content, kind = received["content"], received["msg_type"]
            if received["parent_header"].get("msg_id") != sent:
                continue
            if kind == "comm_msg" and "value" in content["data"].get("state", {}):
                value, updates = content["data"]["state"]["value"], updates + 1
            elif kind == "stream":
                streams[content["name"]] = streams.get(content["name"], "") + content["text"]
            idle = idle or content.get("execution_state") == "idle"


with tempfile.TemporaryDirectory() as folder, socket.socket() as free:
    free.bind(("127.0.0.1", 0))
    port = free.getsockname()[1]
    free.close()
    names = ("HOME", "JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "IPYTHONDIR")
    command = [sys.executable, "-m", "jupyter_server", "--no-browser", "--allow-root"]
    # A tenth of the limit, so that the kernel of a slow machine is over it too.
    command += ["--ZMQChannelsWebsocketConnection.iopub_msg_rate_limit=100"]
    command += [f"--port={port}", "--ServerApp.port_retries=0", f"--ServerApp.root_dir={folder}"]
    command += ["--IdentityProvider.token=", "--ServerApp.disable_check_xsrf=True"]
    server = subprocess.Popen(
        command, env=os.environ | dict.fromkeys(names, folder), stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(200):
            try:
                request(f"http://127.0.0.1:{port}/api/status")
                break
            except OSError:
                time.sleep(0.2)
        kernel = request(f"http://127.0.0.1:{port}/api/kernels", b"{}")["id"]
        value, streams, updates = asyncio.run(
            run(f"ws://127.0.0.1:{port}/api/kernels/{kernel}/channels")
        )
    finally:
        server.terminate()
        server.wait(30)
for name in ("jupyter_server", "ipykernel", "ipywidgets"):
    print(name, importlib.metadata.version(name), end="  ")
print()
print(f"{updates} values arrived, the last is {value}")
print("stdout:", streams.get("stdout", "nothing"))
print("stderr:", streams.get("stderr", "nothing").splitlines()[0])
assert value is not None and value < 600
assert "stdout" not in streams and "rate exceeded" in streams["stderr"]
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# jupyter_server 2.21.1  ipykernel 7.4.0  ipywidgets 8.1.9
# 300 values arrived, the last is 300
# stdout: nothing
# stderr: IOPub message rate exceeded.
