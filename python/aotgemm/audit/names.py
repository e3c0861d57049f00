"""Kernel names for people: shortened where they agree, and found where they are nearly right."""

from collections.abc import Iterable, Sequence
from difflib import get_close_matches
from itertools import takewhile

CUT = "..."
NEAREST, LEAST_LIKENESS = 3, 0.3


def _words_they_share(names: Sequence[str]) -> str:
    """What all of them begin with, up to the end of a word; not all of any one."""
    split = [name.split("_") for name in names]
    most = min(len(words) for words in split) - 1
    shared = takewhile(lambda words: len(set(words)) == 1, zip(*(words[:most] for words in split), strict=True))
    return "".join(f"{words[0]}_" for words in shared)


def shortened(names: Iterable[str]) -> tuple[str, dict[str, str]]:
    """What names have in common at their beginning, and each name with that cut; of one name nothing is cut."""
    names = sorted(set(names))
    shared = _words_they_share(names) if len(names) > 1 else ""
    return shared, {name: CUT + name.removeprefix(shared) if shared else name for name in names}


def nearest(name: str, known: Iterable[str]) -> str:
    """The names most like it, for a sentence."""
    found = get_close_matches(name.lower(), list(known), NEAREST, LEAST_LIKENESS)
    return f"nearest are {', '.join(found)}" if found else "`aotgemm list` shows all"
