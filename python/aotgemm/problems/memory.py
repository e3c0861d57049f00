"""How operands lie in memory: strided views, padding, and an output amid poison that shows what a kernel wrote."""

from dataclasses import dataclass

import ml_dtypes
import numpy as np

from ..arrays.sizes import get_tma_aligned_size

POISON_BYTE = 0xA5
POISON = 0xA5A5  # a BF16 pattern
GUARD_ROWS = 1
RAW = {"bfloat16": np.uint16, "float32": np.uint32}


def numpy_dtype(name: str) -> np.dtype:
    """NumPy's dtype of a name such as bfloat16."""
    return np.dtype(getattr(ml_dtypes, name, name))


def in_tma_rows(array: np.ndarray) -> np.ndarray:
    """The same values in rows that start at multiples of 16 bytes, as every call asks for, with NaN between them."""
    columns, size = array.shape[-1], array.itemsize
    pitch = get_tma_aligned_size(columns, size)
    memory = np.full((*array.shape[:-1], pitch * size), 0xFF, np.uint8).view(array.dtype)
    memory[..., :columns] = array
    return memory[..., :columns]


@dataclass(frozen=True)
class View:
    """A strided view into memory of `size` elements; stride and offset count elements."""

    dtype: str
    shape: tuple[int, ...]
    stride: tuple[int, ...]
    size: int
    offset: int = 0

    def of(self, flat: np.ndarray) -> np.ndarray:
        """The view into a flat NumPy array."""
        steps = [step * flat.itemsize for step in self.stride]
        return np.lib.stride_tricks.as_strided(flat[self.offset :], self.shape, steps)


@dataclass(frozen=True)
class MemoryLayout:
    """Padding of the operands. A padded view starts at a third of the padding of its first row."""

    name: str
    row_padding: int = 0  # bytes between the rows of A and of B, a multiple of 48
    scale_padding: int = 0  # elements between columns of MN-major scales, beyond the multiple of 4
    output_padding: int = 0  # elements between the rows of D, a multiple of 24
    interleaved: bool = False  # row i of all separate groups comes before row i + 1 of any, in A and D


CONTIGUOUS = MemoryLayout("contiguous")
STRIDED = MemoryLayout("strided", row_padding=48, scale_padding=8, output_padding=24, interleaved=True)
STRIDED_OUTPUT = MemoryLayout("strided D", output_padding=24)


@dataclass(frozen=True)
class GuardedOutput:
    """D [m, n] as raw bits, with rows `stride` elements apart, starting `left` into its rows, between guard rows."""

    m: int
    n: int
    stride: int
    left: int
    element: type = np.uint16
    guard_rows: int = GUARD_ROWS

    @property
    def size(self) -> int:
        """Elements of the whole memory."""
        return (self.m + 2 * self.guard_rows) * self.stride

    @property
    def offset(self) -> int:
        """Of D[0, 0], in elements."""
        return self.guard_rows * self.stride + self.left

    def inside(self, memory: np.ndarray) -> np.ndarray:
        """D as a view of the whole memory."""
        rows = memory.reshape(-1, self.stride)[self.guard_rows : self.guard_rows + self.m]
        return rows[:, self.left : self.left + self.n]

    def poisoned(self) -> np.ndarray:
        return np.full(self.size * np.dtype(self.element).itemsize, POISON_BYTE, np.uint8).view(self.element)

    def mismatch(self, got: np.ndarray, wanted: np.ndarray) -> str:
        """How two memories differ; empty if they are equal to the bit."""
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


def guard_output(
    m: int, n: int, memory: MemoryLayout, element: type = np.uint16, rows: int = GUARD_ROWS
) -> GuardedOutput:
    """The output of a memory layout, between so many guard rows."""
    return GuardedOutput(m, n, n + memory.output_padding, memory.output_padding // 3, element, rows)
