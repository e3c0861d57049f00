"""Arrays that end, or begin, at a page that nobody may touch: a read or write beyond them ends the process."""

import ctypes
import mmap

import numpy as np

NONE, READ_WRITE = 0, 3
ANONYMOUS = mmap.MAP_PRIVATE | mmap.MAP_ANONYMOUS


class GuardedMemory:
    """Room for `count` arrays at a time; the oldest one goes first."""

    def __init__(self, count, pages):
        libc = ctypes.CDLL(None)
        libc.mmap.restype = ctypes.c_void_p
        libc.mmap.argtypes = [ctypes.c_void_p, ctypes.c_size_t, *(ctypes.c_int,) * 3, ctypes.c_long]
        libc.mprotect.argtypes = [ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int]
        self.bytes = pages * mmap.PAGESIZE
        blocks = (libc.mmap(None, self.bytes + 2 * mmap.PAGESIZE, NONE, ANONYMOUS, -1, 0) for _ in range(count))
        self.starts = [block + mmap.PAGESIZE for block in blocks]
        assert all(libc.mprotect(start, self.bytes, READ_WRITE) == 0 for start in self.starts)
        self.next = 0

    def put(self, array, at_start, alignment):
        """A copy of the array that begins, or ends as nearly as the alignment allows, at a guard."""
        assert array.nbytes <= self.bytes
        if array.size == 0:
            return array
        start = self.starts[self.next % len(self.starts)]
        self.next += 1
        start += 0 if at_start else (self.bytes - array.nbytes) // alignment * alignment
        memory = (ctypes.c_uint8 * array.nbytes).from_address(start)
        out = np.frombuffer(memory, np.uint8).view(array.dtype).reshape(array.shape)
        out[...] = array
        return out
