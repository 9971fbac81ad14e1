"""The ledger as it happens, in the terminal: chapter, state, seconds."""

from __future__ import annotations

import time
from collections.abc import Iterable
from typing import Any

from rich.console import Console
from rich.live import Live
from rich.table import Table

COLOURS = {"completed": "green", "reused": "cyan", "failed": "red", "timed out": "red", "kernel died": "red"}


class Progress:
    """A live table on a terminal; one line a finished chapter elsewhere."""

    def __init__(self, console: Console, chapters: list[str]):
        self.console = console
        self.rows: dict[str, dict[str, Any]] = {name: {"state": "waiting"} for name in [*chapters, "site"]}
        self.live = (
            Live(get_renderable=self._table, console=console, refresh_per_second=4) if console.is_terminal else None
        )

    def __enter__(self) -> Progress:
        if self.live:
            self.live.start()
        return self

    def __exit__(self, *_) -> None:
        if self.live:
            self.live.stop()

    def watch(self, event: dict[str, Any]) -> None:
        """Take one event: {"chapter", "state", "seconds" once it is over}."""
        row = self.rows.setdefault(event["chapter"], {})
        if "seconds" in row:
            return  # a late word from a worker about a chapter that is over
        row.setdefault("since", time.monotonic())
        row.update({key: event[key] for key in ("state", "seconds") if key in event})
        if not self.live and "seconds" in event:
            self.console.print(f"{event['chapter']:<20} {event['state']:<12} {event['seconds']:8.1f} s", markup=False)

    def _table(self) -> Table:
        table = Table(box=None, pad_edge=False)
        for title, side in (("chapter", "left"), ("state", "left"), ("seconds", "right")):
            table.add_column(title, justify=side, header_style="dim")
        now = time.monotonic()
        for name, row in self.rows.items():
            state = row["state"]
            passed = row.get("seconds", now - row["since"] if "since" in row else None)
            table.add_row(name, state, "" if passed is None else f"{passed:.1f}", style=COLOURS.get(state, ""))
        return table


def explain(line: dict[str, Any]) -> str:
    """A ledger line of a chapter that did not finish, in words: where, what, the traceback's last lines."""
    error = line.get("error", {})
    if error.get("refused"):
        return f"{line['chapter']}: {error['message']}"
    where = f", code cell {error['cell']}" if error.get("cell") else ""
    text = f"{line['chapter']}: {line['state']}{where} after {line['seconds']:.1f} s: {error.get('message', '')}"
    return "\n  ".join([text, *error.get("traceback", [])])


def refused(lines: Iterable[dict[str, Any]]) -> bool:
    """Whether all that did not finish is the client's to mend, or waited for that."""
    errors = [line.get("error", {}) for line in lines]
    return any(error.get("refused") for error in errors) and all(
        error.get("refused") or error.get("kind") == "not run" for error in errors
    )
