"""How a row of a table of errors is checked."""

from typing import Any

import pytest


def assert_raises_as_told(case: tuple[Any, ...]) -> None:
    """case: a call, the type that it raises (no subclass), and what stands in its message of one line."""
    call, kind, *fragments = case
    with pytest.raises(kind) as caught:
        call()
    assert type(caught.value) is kind
    message = str(caught.value)
    assert [fragment for fragment in fragments if fragment not in message] == [], message
    assert "\n" not in message
