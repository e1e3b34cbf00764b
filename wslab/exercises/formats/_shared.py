"""What the exercises of this folder share."""

from __future__ import annotations

import json
from typing import Any, Final

from wslab.exercises._judge import Client, show

__all__ = ["NESTED", "expect", "expect_error", "is_error", "json_text", "matches"]


NESTED: Final = "[" * 100_000


def matches(value: Any, wanted: dict[str, Any]) -> bool:
    """Return whether it is an object with these fields; more fields do no harm."""
    return isinstance(value, dict) and all(
        key in value and value[key] == wanted[key] for key in wanted
    )


def is_error(value: Any) -> bool:
    return matches(value, {"type": "error"}) and isinstance(value.get("message"), str)


def json_text(value: Any) -> str:
    return f"JSON text: {json.dumps(value, ensure_ascii=False)}"


def expect(client: Client, wanted: dict[str, Any], problem: str) -> None:
    got = client.receive_json(json_text(wanted), problem)
    if not matches(got, wanted):
        raise client.finding(problem, json_text(wanted), show(got))


def expect_error(client: Client, problem: str) -> str:
    """Expect an error; return its text."""
    wanted = 'JSON text: {"type": "error", "message": "…"}'
    got = client.receive_json(wanted, problem)
    if not is_error(got):
        raise client.finding(problem, wanted, show(got))
    return str(got["message"])
