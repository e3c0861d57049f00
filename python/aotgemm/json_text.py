"""JSON whose texts can be written again."""

import json
from typing import Any


def parse_json(text: str, **options: Any) -> Any:
    """The value of a JSON text, by json.loads and its options. Raises ValueError or RecursionError where it is none.

    JSON can state half of a surrogate pair, which no UTF-8 has, so that a report or a table could not hold the name.
    """
    value = json.loads(text, **options)
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        half = error.object[error.start]
        raise ValueError(f"a text holds {ascii(half)}, half of a pair, allowed are whole characters") from error
    return value
