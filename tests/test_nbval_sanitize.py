"""The sanitiser file is read by nbval as it was meant, and each rule does what it is there for."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import NamedTuple

import nbformat
import notebook_rules
import pytest
from nbformat import v4

# nbval's own reader, so that a rule it would overlook is overlooked here too.
from nbval.plugin import get_sanitize_patterns

from wslab import cli

FILE = cli.sanitize_file()
TEXT = FILE.read_text(encoding="utf-8")
RULES: list[tuple[str, str]] = get_sanitize_patterns(TEXT)


class Examples(NamedTuple):
    """What a rule changes, and what comes close to it but must stay."""

    changed: dict[str, str]
    untouched: list[str]


# By the rule's replacement.
EXAMPLES = {
    r"\1NOW": Examples(
        changed={
            '{"message":"Hi","timestamp":1795424216220}': '{"message":"Hi","timestamp":NOW}',
            "{'timestamp': 1795424216220, 'a': 1}": "{'timestamp': NOW, 'a': 1}",
            "&quot;timestamp&quot;:1795424216220}": "&quot;timestamp&quot;:NOW}",
            "&#x27;timestamp&#x27;: 1795424216220}": "&#x27;timestamp&#x27;: NOW}",
            "%22timestamp%22:1795424783%E2%80%A6": "%22timestamp%22:NOW%E2%80%A6",
        },
        untouched=['"timestamp":0', '"timestamp":"today"', '"size":1795424216220', "timestamp: 1s"],
    ),
    r"\1:PORT": Examples(
        changed={
            "ws://127.0.0.1:41231/chat": "ws://127.0.0.1:PORT/chat",
            "wss://localhost:8765": "wss://localhost:PORT",
            "http://[::1]:80/": "http://[::1]:PORT/",
            "Host: 127.0.0.1:41231": "Host: 127.0.0.1:PORT",
        },
        untouched=["ws://127.0.0.1/", "ws://example.com:8765/", "127.0.0.1: 80", "::1:80"],
    ),
    r"\1PORT": Examples(
        changed={
            "Connect call failed ('127.0.0.1', 41231)": "Connect call failed ('127.0.0.1', PORT)",
            "('::1', 41231, 0, 0)": "('::1', PORT, 0, 0)",
            "(&#x27;127.0.0.1&#x27;, 1)": "(&#x27;127.0.0.1&#x27;, PORT)",
        },
        untouched=["('example.com', 80)", "('127.0.0.1', 'http')", "127.0.0.1, 80"],
    ),
    r"\1KEY": Examples(
        changed={
            "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==": "Sec-WebSocket-Key: KEY",
            "('Sec-WebSocket-Accept', 's3pPLMBiTxaQ9kYGzzhZRbK+xOo=')": (
                "('Sec-WebSocket-Accept', 'KEY')"
            ),
            "Sec-WebSocket-Key&#x27;, &#x27;dGhlIHNhbXBsZSBub25jZQ==&#x27;": (
                "Sec-WebSocket-Key&#x27;, &#x27;KEY&#x27;"
            ),
        },
        untouched=["Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: none", "Key: dGhlIHNhbXBs=="],
    ),
    r"\1DATE": Examples(
        changed={
            "Date: Mon, 30 Nov 2026 15:22:25 GMT": "Date: DATE",
            "('Date', 'Mon, 30 Nov 2026 15:22:25 GMT')": "('Date', 'DATE')",
        },
        untouched=["Date: today", "Mon, 30 Nov 2026 15:22:25 GMT", "Date: 2026-11-30"],
    ),
    "UUID": Examples(
        changed={"id: 8cd16a18-2a5f-4b5d-9d3c-6a3c8de8c1f2.": "id: UUID."},
        untouched=["258EAFA5-E914-47DA-95CA-C5AB0DC85B11", "8cd16a18-2a5f", "id: 1234"],
    ),
    "at ADDRESS": Examples(
        changed={"<object object at 0x7f12ab34cd56>": "<object object at ADDRESS>"},
        untouched=["opcode 0x1", "at 0x81", "0x7f12ab34cd56 bytes", "at 7f12ab34cd56"],
    ),
}


def format_problems(text: str) -> list[str]:
    """What nbval would misread or silently leave out of a sanitiser file."""
    problems = []
    if not text.isascii():
        problems.append("a character is not ASCII: nbval reads the file in the locale's encoding")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    rules = get_sanitize_patterns(text)
    if lines != [line for regex, new in rules for line in (f"regex: {regex}", f"replace: {new}")]:
        problems.append("a line is neither a comment nor part of a regex: / replace: pair")
    for regex, replacement in rules:
        if not replacement.strip() or replacement != replacement.strip():
            problems.append(f"the replacement of {regex!r} is empty or has a space at an end")
        try:
            re.sub(regex, replacement, "")
        except re.error as error:
            problems.append(f"{regex!r}: {error}")
    if len({regex for regex, _ in rules}) < len(rules):
        problems.append("a regex is there twice: nbval keeps only the last")
    if len({replacement for _, replacement in rules}) < len(rules):
        problems.append("a replacement is there twice: a failure would not tell which rule it was")
    return problems


def test_file_is_read_as_meant() -> None:
    """No line of the file is misread or left out by nbval."""
    assert format_problems(TEXT) == []


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("regex: a\n\nreplace: b\n", "neither a comment nor part"),
        ("regex: a\n", "neither a comment nor part"),
        ("Regex: a\nreplace: b\n", "neither a comment nor part"),
        ("regex: a\nreplace: \n", "empty"),
        ("regex: a\nreplace: b \n", "space at an end"),
        ("regex: (\nreplace: b\n", "unterminated"),
        ("regex: é\nreplace: b\n", "not ASCII"),
        ("regex: a\nreplace: b\nregex: a\nreplace: c\n", "regex is there twice"),
        ("regex: a\nreplace: b\nregex: c\nreplace: b\n", "replacement is there twice"),
    ],
)
def test_misread_file_is_reported(text: str, problem: str) -> None:
    """Each way in which nbval misreads a file, or leaves something out, is noticed."""
    assert any(problem in found for found in format_problems(text)), format_problems(text)


def test_every_rule_has_examples() -> None:
    """A new rule comes with examples; an example's rule is still there."""
    assert set(EXAMPLES) == {replacement for _, replacement in RULES}
    assert all(examples.changed and examples.untouched for examples in EXAMPLES.values())


@pytest.mark.parametrize(("regex", "replacement"), RULES, ids=[rule[1] for rule in RULES])
def test_rule_does_what_its_examples_say(regex: str, replacement: str) -> None:
    """A rule changes what it is for, no more of it than needed, and nothing that comes close."""
    examples = EXAMPLES[replacement]
    sanitized = {text: re.sub(regex, replacement, text) for text in examples.changed}
    assert sanitized == examples.changed
    assert [re.sub(regex, replacement, text) for text in examples.untouched] == examples.untouched


# --- The README's recipe, followed on a notebook that is not one of ours -------------------------

README = (Path(__file__).parents[1] / "README.md").read_text(encoding="utf-8")

# A server, a widget and a plot; what each cell shows, and whether that differs between two runs.
CELLS = [
    ("import wslab\nserver = wslab.serve(wslab.handlers.echo)\nprint(server.url)", True),
    ("wslab.talk(server.url, '{\"timestamp\": 1795424216220}')", False),
    ("server.transcript", False),
    ("wslab.BrowserConsole(server)", False),
    ("server.watch()", False),
    ("import matplotlib.pyplot as plt\n%matplotlib inline\n_ = plt.plot([1, 4, 9])", False),
    ("[record.headers for record in server.transcript.filter(kind='handshake')]", True),
    ("import time\n{'timestamp': time.time_ns() // 10**6}", True),
    ("import uuid\n{'id': uuid.uuid4(), 'object': object()}", True),
    ("from websockets.sync.client import connect", False),
    ("with connect(server.url, proxy=None) as ws:\n    print(ws.remote_address)", True),
    ("server.stop()", False),
]


def commands() -> list[str]:
    """The commands of the README's section about one's own notebooks."""
    section = README.partition("\n## Test your own WebSocket notebooks\n")[2]
    block = re.search(r"^```sh\n(.*?)^```$", section, re.MULTILINE | re.DOTALL)
    assert block, "the README has no such section any more"
    return block[1].splitlines()


def follow(command: str, folder: Path) -> subprocess.CompletedProcess[str]:
    """Run a command of the recipe in a folder, as one who has just installed the package."""
    programs = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{programs}{os.pathsep}{os.environ['PATH']}"}
    return subprocess.run(
        ["sh", "-c", command],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=120,
    )


def failures(command: str, folder: Path) -> list[int]:
    """The cells that fail by a command of the recipe; all others have run and passed."""
    output = follow(command, folder).stdout
    failed = [int(number) for number in re.findall(r"^FAILED .*::Cell (\d+)", output, re.MULTILINE)]
    assert f" {len(CELLS) - len(failed)} passed" in output, output
    return failed


@pytest.mark.slow
@pytest.mark.kernel
@pytest.mark.skipif(sys.platform == "win32", reason="the commands are for a Unix shell")
@pytest.mark.usefixtures("children_in_usual_mode")
def test_recipe(tmp_path: Path) -> None:
    """What changes in each run is not compared, anything else is; and each rule is needed."""
    notebook = tmp_path / "my_notebook.ipynb"
    nbformat.write(
        v4.new_notebook(cells=[v4.new_code_cell(source) for source, _ in CELLS]), notebook
    )
    install, execute, compare = commands()
    assert install.startswith("pip install ")
    assert follow(execute, tmp_path).returncode == 0
    stored = nbformat.read(notebook, as_version=4)
    stored.cells[1].outputs[0].data["text/plain"] = "['goodbye']"
    nbformat.write(stored, notebook)
    assert failures(compare, tmp_path) == [1]
    bare = re.sub(r" --nbval-sanitize-with \"[^\"]+\"", "", compare)
    differ = [index for index, (_, differs) in enumerate(CELLS) if differs]
    assert failures(bare, tmp_path) == sorted([1, *differ])

    texts = [text for cell in stored.cells for _, text in notebook_rules.output_texts(cell)]
    needless = [regex for regex, _ in RULES if not any(re.search(regex, t) for t in texts)]
    assert needless == []
