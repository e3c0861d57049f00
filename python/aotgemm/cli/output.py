"""How commands print: rich tables for people, one JSON document for programs."""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from rich import box
from rich.cells import cell_len
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.table import Table
from rich.text import Text

PIPE_WIDTH = 160
LEAST_WIDTH = 20
INCOMPLETE = 3  # exit status of plan and verify: a call has no kernel
MOST = 2**31 - 1  # that the library's functions take
NOTHING = "-"  # in a cell of numbers


def add_command(
    subparsers: Any, name: str, help: str, examples: str, run: Callable[[argparse.Namespace], int]
) -> argparse.ArgumentParser:
    """A sub-command with --json; `examples` end its --help."""
    parser = subparsers.add_parser(
        name, help=help, description=help, epilog=examples, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--json", action="store_true", help="print one JSON document instead of tables")
    parser.set_defaults(run=run)
    return parser


def positive(text: str) -> int:
    """The type of an option that is a size."""
    if not text.isdecimal() or not text.strip("0"):
        raise argparse.ArgumentTypeError(f"is {text}, allowed is a positive number")
    if len(text) > len(str(MOST)) or int(text) > MOST:
        raise argparse.ArgumentTypeError(f"is {text[:40]}, allowed is at most {MOST}")
    return int(text)


def natural(text: str) -> int:
    """The type of an option that is a number from 0 on."""
    return 0 if text and not text.strip("0") else positive(text)


def printable(text: str) -> str:
    """Names come from files of users: what a terminal would obey rather than show is escaped."""
    return "".join(one if one.isprintable() or one == "\n" else ascii(one)[1:-1] for one in text)


def print_json(document: Any) -> None:
    print(json.dumps(document, indent=2))


def print_error(kind: str, message: str) -> None:
    """Where JSON is asked for, what went wrong is JSON too: kind is the exception's name."""
    print_json({"error": {"type": kind, "message": message}})


class _Console(Console):
    def on_broken_pipe(self) -> None:
        """Leaves it to the command line's main, which ends quietly: rich would end the process with status 1."""
        raise BrokenPipeError


def _console() -> Console:
    """As wide as COLUMNS says, else as the terminal; wide enough for every table where there is neither.

    Names come from files of users, so that nothing in a text is markup or a name of an emoji.
    """
    columns = os.environ.get("COLUMNS", "")
    width = None if sys.stdout.isatty() else PIPE_WIDTH
    if columns.isdecimal() and len(columns) < 6 and int(columns) > 0:
        width = max(int(columns), LEAST_WIDTH)
    return _Console(width=width, markup=False, emoji=False)


def _longest_word(texts: Iterable[str]) -> int:
    return max((cell_len(word) for text in texts for word in text.split()), default=1)


def make_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> Table:
    """Numbers to the right, text to the left. Words are whole, so that a name or a hash is found."""
    rows = [list(row) for row in rows]
    table = Table(title=title, title_justify="left", box=box.SIMPLE_HEAD)
    for index, column in enumerate(columns):
        numeric = all(isinstance(row[index], (int, float)) or row[index] == NOTHING for row in rows)
        least = _longest_word([column, *(_cell(row[index]) for row in rows)])
        table.add_column(column, justify="right" if numeric else "left", overflow="fold", min_width=least)
    for row in rows:
        table.add_row(*(_cell(value) for value in row))
    return table


def _cell(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    return f"{value:,.4g}" if isinstance(value, float) else printable(str(value))


def _print_whole(table: Table) -> None:
    """Wider than the terminal where that has no room for the longest words."""
    console = _console()
    anywhere = console.options.update(max_width=MOST)
    console.width = max(console.width, console.measure(table, options=anywhere).minimum)
    console.print(table)


def print_table(columns: Sequence[str], rows: Iterable[Sequence[Any]], title: str | None = None) -> None:
    _print_whole(make_table(columns, rows, title))


def print_facts(facts: dict[str, Any], title: str | None = None) -> None:
    """Two columns, name and value."""
    table = Table(title=title, title_justify="left", box=None, show_header=False, padding=(0, 2))
    table.add_column(overflow="fold", min_width=_longest_word(facts))
    table.add_column(overflow="fold", min_width=_longest_word(map(_cell, facts.values())))
    for name, value in facts.items():
        table.add_row(Text(printable(name), style="bold"), _cell(value))
    _print_whole(table)


def progress(shown: bool) -> Progress:
    """A progress display on standard error, so that standard output stays clean."""
    columns = (TextColumn("{task.description}", markup=False), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=Console(stderr=True), disable=not shown)
