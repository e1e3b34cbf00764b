"""
How Sphinx builds the book: ``make book``.

The source folder is the project's root, so that pages, notebooks and the README link each other
with the same relative paths as on a code hosting site; this folder only configures it.
"""

import os
import sys
from pathlib import Path

import wslab

sys.path.insert(0, str(Path(__file__).parent / "_ext"))

project = "wslab"
author = "wslab contributors"
copyright = author
version = release = wslab.__version__

extensions = ["myst_nb", "sphinx.ext.autodoc", "sphinx.ext.napoleon", "notebook_pages"]

root_doc = "docs/index"
include_patterns = ["*.md", "docs/*.md", "benchmarks/README.md", "notebooks/*.ipynb"]
# Folders named here are not even looked into: an environment has thousands of files.
exclude_patterns = [".*", "**/.ipynb_checkpoints", "build", "dist", "tests", "wslab"]

# A link that leads nowhere is an error, in docstrings too; what lies outside this project cannot be
# looked up without a network.
nitpicky = True
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(asyncio|collections|concurrent|contextlib|json|os|signal|ssl|typing|websockets)\..*",
    ),
    (r"py:exc", r"ConnectionClosedError|InvalidHandshake"),  # of websockets
    (r"py:class", r"Record"),  # wslab.wire.Record: autodoc has the bare name of an alias only
    (r"py:class", r"BackgroundService"),  # what a server and a tap have in common, documented there
]
# The course's JavaScript leaves out lines: "…" is no JavaScript.
suppress_warnings = ["misc.highlighting_failure"]

# ---- pages ----

# Links to headings: the same anchors as code hosting sites make.
myst_heading_anchors = 4
myst_enable_extensions = ["colon_fence"]
# What the notebooks show is stored in them, and their tests compare it.
nb_execution_mode = "off"

# ---- the API ----

autodoc_member_order = "bysource"
autodoc_typehints = "description"
autodoc_typehints_description_target = "documented"
napoleon_google_docstring = True
napoleon_numpy_docstring = False

# ---- how it looks ----

html_theme = "sphinx_book_theme"
html_title = "WebSocket messages, live in Jupyter"
html_static_path = ["_static"]
templates_path = ["_templates"]
html_css_files = ["book.css"]
html_additional_pages = {"index": "to_first_page.html"}
html_show_sphinx = False
html_domain_indices = False  # the API is one page
html_context = {"default_mode": "auto"}  # light or dark, as the reader's system is
html_theme_options = {
    "show_toc_level": 2,
    "show_navbar_depth": 1,
    "navigation_with_keys": False,  # arrow keys scroll
    "use_fullscreen_button": False,
    "navbar_persistent": [],  # the search field is at the left
}
# `make pages` puts the site that runs in a browser tab beside the book, with buttons to get there.
tab_url = os.environ.get("WSLAB_TAB", "")
