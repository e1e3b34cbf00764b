"""
Which exercises are done: a small file in the user's data folder, never in the repository.

Progress is a convenience. Whatever happens to its file, the course goes on; a sentence says what
happened.
"""

from __future__ import annotations

import contextlib
import html
import json
import os
import pathlib
import threading
import warnings

import platformdirs

from wslab._stdout import printable

__all__ = ["Progress", "note_done", "path", "read", "reset"]

_writing = threading.Lock()


def path() -> pathlib.Path:
    """Where progress is kept: ``WSLAB_DATA_DIR``, or the user's data folder for wslab."""
    folder = os.environ.get("WSLAB_DATA_DIR") or platformdirs.user_data_dir("wslab", False)
    return pathlib.Path(folder) / "progress.json"


def read() -> set[str]:
    """Return the ids of the exercises that are done; a file that cannot be read counts as empty."""
    try:
        done = json.loads(path().read_text(encoding="utf-8"))["done"]
        return {id for id in done if isinstance(id, str)}
    except FileNotFoundError:
        return set()
    except (OSError, ValueError, TypeError, KeyError, RecursionError) as exc:
        _warn(f"the record of your progress cannot be read ({exc}) and starts anew")
        return set()


def note_done(id: str) -> None:
    """Write down that an exercise is done."""
    with _writing:
        done = read()
        if id not in done:
            _write(done | {id})


def reset() -> None:
    """Forget what is done."""
    with _writing:
        _write(set())


def _write(done: set[str]) -> None:
    file = path()
    # A name of its own, then a rename: another notebook may be writing too, or the disk be full.
    temporary = file.with_name(f"{file.name}.{os.getpid()}.{threading.get_ident()}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        _keep_unreadable(file)
        temporary.write_text(json.dumps({"done": sorted(done)}), encoding="utf-8")
        os.replace(temporary, file)
    except OSError as exc:
        _warn(f"your progress cannot be written down ({exc}); the check itself is not affected")
        with contextlib.suppress(OSError):
            temporary.unlink(missing_ok=True)


def _keep_unreadable(file: pathlib.Path) -> None:
    """Move a file that is not ours to read out of the way, instead of overwriting it."""
    with contextlib.suppress(FileNotFoundError):
        try:
            json.loads(file.read_text(encoding="utf-8"))["done"]
        except (ValueError, TypeError, KeyError, RecursionError):
            os.replace(file, file.with_name(f"{file.name}.unreadable"))


def _warn(sentence: str) -> None:
    warnings.warn(f"{sentence}: {path()}", RuntimeWarning, stacklevel=4)


class Progress:
    """
    A small table of what is done, shown in a cell.

    Args:
        titles: Title of each exercise, by id.
        done: Ids of those that are done.
    """

    def __init__(self, titles: dict[str, str], done: set[str]) -> None:
        self.titles = titles
        self.done = done

    def __str__(self) -> str:
        rows = [f"{'✓' if id in self.done else '○'} {id}  {title}" for id, title in self._items()]
        return printable("\n".join([*rows, self._total()]))

    __repr__ = __str__

    def _repr_mimebundle_(self, include: object = None, exclude: object = None) -> dict[str, str]:
        cell = '<td style="text-align:left">'
        rows = "".join(
            f"<tr>{cell}{'✓ done' if id in self.done else '○'}</td>{cell}{id}</td>"
            f"{cell}{html.escape(title)}</td></tr>"
            for id, title in self._items()
        )
        table = f"<table><caption>{self._total()}</caption><tbody>{rows}</tbody></table>"
        return {"text/plain": str(self), "text/html": table}

    def _items(self) -> list[tuple[str, str]]:
        return list(self.titles.items())

    def _total(self) -> str:
        return f"{len(self.done & self.titles.keys())} of {len(self.titles)} exercises done"
