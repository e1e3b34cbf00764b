"""
What JupyterLite's pages get besides: ``page.js``, and a hint to fetch the interpreter early.
"""

from __future__ import annotations

import json
import shutil
from pathlib import Path

APPS = ("lab", "notebooks", "tree")

# Where the site's address, and the book's button, lead: the path is the one in the repository.
START = """\
<script>
  const path = new URLSearchParams(location.search).get("path") ?? "00_start_here.ipynb";
  location.replace(`notebooks/index.html?path=${encodeURIComponent(path.split("/").pop())}`);
</script>
"""

LINK = '<link rel="prefetch" href="{up}static/pyodide/{name}" as="fetch" crossorigin>\n'

# In the order in which a kernel asks for them, which it does once the page has a notebook open.
EARLY = ("pyodide.asm.wasm", "python_stdlib.zip", "pyodide.asm.mjs", "pyodide-lock.json")


def finish(site: Path, script: Path) -> None:
    """Change the pages of a site that was built."""
    shutil.copy2(script, site / "page.js")
    packages = json.loads((site / "static/pyodide/pyodide-lock.json").read_text())["packages"]
    options = json.loads((site / "jupyter-lite.json").read_text())["jupyter-config-data"]
    kernel = options["litePluginSettings"]["@jupyterlite/pyodide-kernel-extension:kernel"]
    files = [*EARLY, *(packages[name]["file_name"] for name in _needed(kernel, packages))]
    for app in APPS:
        # JupyterLab asks for a picture beside the page first, then in the notebook's folder.
        shutil.copytree(site / "files" / "images", site / app / "images")
        for page in (site / app).rglob("index.html"):
            up = "../" * len(page.parent.relative_to(site).parts)
            links = "".join(LINK.format(up=up, name=name) for name in files)
            _insert(page, f'<script src="{up}page.js"></script>\n{links}')
    # The other pages read their settings in this one.
    _insert(site / "index.html", START)


def _insert(page: Path, head: str) -> None:
    html = page.read_text(encoding="utf-8")
    assert html.count("<head>") == 1, page
    page.write_text(html.replace("<head>", f"<head>\n{head}"), encoding="utf-8")


def _needed(kernel: dict[str, object], packages: dict[str, dict[str, list[str]]]) -> list[str]:
    """The packages that a kernel loads before its first cell."""
    options = kernel["loadPyodideOptions"]
    assert isinstance(options, dict)
    found: list[str] = []
    names = list(options["packages"])
    while names:
        name = names.pop(0)
        if name not in found:
            found.append(name)
            names += packages[name]["depends"]
    return found
