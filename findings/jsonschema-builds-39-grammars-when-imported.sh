#!/usr/bin/env bash
# jsonschema: where jupyter_server is installed, `import nbformat` (or jsonschema) builds 39 grammars for addresses that no notebook is checked against, in four fifths of its time.
#
# Guess: what jupyter_server installs for jsonschema's formats costs nothing until a format is checked, below 50 ms at worst.
# Needs Python 3.11 or newer and PyPI. Exits 1 if the behaviour is another one.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check nbformat==5.11.1 jsonschema[format-nongpl]==4.26.0 rfc3987-syntax==1.1.0 lark==1.3.1
cat > "$folder/try.py" <<'PYTHON'
import importlib.metadata
import subprocess
import sys

# jupyter_server needs jupyter-events, which needs jsonschema[format-nongpl], which needs this.
PACKAGE = "rfc3987_syntax"
PROGRAM = """
import sys, time
if {without}:
    sys.modules["rfc3987_syntax"] = None  # its import fails, as where it is not installed
begin = time.process_time()
import nbformat
nbformat.validate(nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell("1")]))
print(time.process_time() - begin)
"""
COUNT = """
import lark
built, init = [], lark.Lark.__init__
lark.Lark.__init__ = lambda self, *args, **options: built.append(1) or init(self, *args, **options)
import jsonschema
print(len(built))
"""


def output(program):
    command = [sys.executable, "-c", program]
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout.strip()


def seconds(without):
    """The CPU time of the fastest of three, so that other programs matter little."""
    return min(float(output(PROGRAM.format(without=without))) for _ in range(3))


for name in ("nbformat", "jsonschema", "rfc3987-syntax", "lark"):
    print(name, importlib.metadata.version(name), end="  ")
print()
output(PROGRAM.format(without=False))  # whatever is compiled at a first import is now
grammars, as_installed, without = int(output(COUNT)), seconds(False), seconds(True)
print(f"grammars built by import jsonschema: {grammars}")
print(f"import nbformat, validate: {as_installed:.2f} s of CPU, without {PACKAGE} {without:.2f} s")
assert grammars == 39 and as_installed > 2 * without
PYTHON
"$folder/venv/bin/python" "$folder/try.py"
# Seen on Debian 12, Python 3.11.7:
# nbformat 5.11.1  jsonschema 4.26.0  rfc3987-syntax 1.1.0  lark 1.3.1
# grammars built by import jsonschema: 39
# import nbformat, validate: 1.16 s of CPU, without rfc3987_syntax 0.16 s
