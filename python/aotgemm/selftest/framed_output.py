"""An output matrix amid poisoned memory: what is not written shows, and so does what is written beside it."""

from dataclasses import dataclass

import numpy as np

POISON_BYTE = 0xA5
POISON = 0xA5A5  # a BF16 pattern
GUARD_ROWS = 1


@dataclass(frozen=True)
class Frame:
    """D [m, n] as raw bits, with rows `stride` elements apart, starting `left` into its rows, between guard rows."""

    m: int
    n: int
    stride: int
    left: int
    element: type = np.uint16

    @property
    def size(self) -> int:
        """Elements of the whole memory."""
        return (self.m + 2 * GUARD_ROWS) * self.stride

    @property
    def offset(self) -> int:
        """Of D[0, 0], in elements."""
        return GUARD_ROWS * self.stride + self.left

    def inside(self, memory: np.ndarray) -> np.ndarray:
        """D as a view of the whole memory."""
        rows = memory.reshape(-1, self.stride)[GUARD_ROWS : GUARD_ROWS + self.m]
        return rows[:, self.left : self.left + self.n]

    def poisoned(self) -> np.ndarray:
        return np.full(self.size * np.dtype(self.element).itemsize, POISON_BYTE, np.uint8).view(self.element)

    def around(self, expected: np.ndarray) -> np.ndarray:
        """The whole memory after a right run."""
        memory = self.poisoned()
        self.inside(memory)[:] = expected
        return memory

    def describe_difference(self, got: np.ndarray, wanted: np.ndarray) -> str:
        """Empty if the two memories are equal to the bit."""
        if np.array_equal(got, wanted):
            return ""
        wrong = got != wanted
        inside = int(self.inside(wrong).sum())
        words = [f"{inside} of {self.m * self.n} outputs differ"] if inside else []
        if outside := int(wrong.sum()) - inside:
            words.append(f"{outside} elements around D were written")
        if inside:
            row, column = np.argwhere(self.inside(wrong))[0]
            pair = (int(self.inside(memory)[row, column]) for memory in (got, wanted))
            words.append("first at [{}, {}]: {:#06x} instead of {:#06x}".format(row, column, *pair))
        return ", ".join(words)


def contiguous_frame(m: int, n: int, element: type = np.uint16) -> Frame:
    return Frame(m, n, n, 0, element)


def strided_frame(m: int, n: int, element: type = np.uint16) -> Frame:
    return Frame(m, n, n + 24, 8, element)
