"""``python -m wslab``: the same as the command ``wslab``."""

from __future__ import annotations

import sys

from .cli import main

sys.exit(main())
