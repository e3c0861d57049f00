"""Tables that fit a phone: below a width each row becomes a block, and each cell says which column it is of."""

from collections.abc import Iterable, Sequence
from html import escape


def row(columns: Sequence[str], cells: Sequence[str], attributes: str = "") -> str:
    """cells: HTML. The first one heads the row."""
    head, *rest = cells
    parts = "".join(f'<td data-label="{name}">{cell}</td>' for name, cell in zip(columns[1:], rest, strict=True))
    return f'<tr{attributes}><th scope="row">{head}</th>{parts}</tr>'


def table(kind: str, caption: str, columns: Sequence[str], rows: Iterable[str]) -> str:
    """caption: text, for those who hear the page."""
    head = "".join(f'<th scope="col">{name}</th>' for name in columns)
    return (
        f'<table class="stack {kind}"><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead>'
        f"<tbody>{''.join(rows)}</tbody></table>"
    )
