"""Operands of tcgen05.mma as NumPy makes them: values, codes, and where a canonical layout puts them in memory."""

from dataclasses import dataclass

import numpy as np

SWIZZLES = {
    "none": (0, 16),
    "32": (6, 32),
    "64": (4, 64),
    "128": (2, 128),
    "128_by_32": (1, 128),
}  # code, bytes of a row
E2M1 = np.array([0, 0.5, 1, 1.5, 2, 3, 4, 6])


def decode_e4m3(codes):
    sign, exponent, fraction = codes >> 7, codes >> 3 & 15, codes & 7
    return np.where(sign, -1.0, 1.0) * (1 + fraction / 8) * 2.0 ** (exponent.astype(int) - 7)


def random_elements(random, kind, rows, depth):
    """Values whose products and sums are exact in FP32, and raw elements: [rows, depth] each."""
    if kind == "e4m3":
        codes = random.integers(0, 2, (rows, depth)) << 7 | random.integers(40, 72, (rows, depth))
        return decode_e4m3(codes), codes.astype(np.uint8)
    if kind == "e2m1":
        codes = random.integers(0, 16, (rows, depth))
        return np.where(codes >> 3, -1, 1) * E2M1[codes & 7], codes.astype(np.uint8)
    values = random.integers(-8, 9, (rows, depth)).astype(np.float32)
    if kind == "e5m2":
        values = np.sign(values) * 2.0 ** np.abs(values // 3)
        return values, (values.astype(np.float16).view(np.uint16) >> 8).astype(np.uint8)
    if kind == "fp16":
        return values, values.astype(np.float16).view(np.uint16)
    if kind == "bf16":
        return values, (values.view(np.uint32) >> 16).astype(np.uint16)
    ignored = random.integers(0, 1 << 13, values.shape).astype(np.uint32)
    return values, values.view(np.uint32) | ignored


@dataclass(frozen=True)
class Layout:
    """A canonical layout of an operand of elements of some bytes."""

    swizzle: str
    is_mn_major: bool
    rows: int
    depth: int
    element_bytes: int

    @property
    def row_bytes(self):
        return SWIZZLES[self.swizzle][1]

    def address(self, row, k):
        """Before the swizzle, from the operand's start."""
        size, line = self.element_bytes, self.row_bytes
        if not self.is_mn_major:
            byte = k * size
            slab = self.rows * line  # of the next `line` bytes of K
            return row // 8 * 8 * line + row % 8 * line + byte // line * slab + byte % line
        depth_of_atom = 4 if self.swizzle == "128_by_32" else 8
        byte = row * size
        atom = depth_of_atom * line
        slab = atom * (self.depth // depth_of_atom)
        return byte // line * slab + k // depth_of_atom * atom + k % depth_of_atom * line + byte % line

    @property
    def offsets(self):
        """Leading and stride byte offsets."""
        if not self.is_mn_major:
            return (self.rows * 16 if self.swizzle == "none" else 0), 8 * self.row_bytes
        depth_of_atom = 4 if self.swizzle == "128_by_32" else 8
        along_k, along_rows = depth_of_atom * self.row_bytes, self.depth * self.row_bytes
        return (along_k, along_rows) if self.swizzle == "none" else (along_rows, along_k)

    def descriptor(self, k):
        """All of a descriptor that is not the operand's start, for a K step that begins at k."""
        leading, stride = self.offsets
        code = SWIZZLES[self.swizzle][0]
        return (self.address(0, k) >> 4) + (leading >> 4 << 16) + (stride >> 4 << 32) + (1 << 46) + (code << 61)

    @property
    def size(self):
        line = self.row_bytes
        if self.is_mn_major:
            return -(-self.rows * self.element_bytes // line) * line * self.depth
        return -(-self.depth * self.element_bytes // line) * line * self.rows

    def image(self, elements):
        """Bytes of memory, from a multiple of 1,024 on; what no element fills is 0xA5."""
        row, k = np.indices((self.rows, self.depth))
        at = self.address(row, k)
        if self.swizzle == "128_by_32":
            shift = lambda a: (a >> 7 & 3) << 5  # noqa: E731
        else:
            bits = {16: 0, 32: 1, 64: 3, 128: 7}[self.row_bytes]
            shift = lambda a: (a >> 7 & bits) << 4  # noqa: E731
        out = np.full(-(-self.size // 1024) * 1024, 0xA5, np.uint8)
        raw = np.ascontiguousarray(elements).view(np.uint8).reshape(self.rows, self.depth, self.element_bytes)
        for byte in range(self.element_bytes):
            address = at + byte
            out[address ^ shift(address)] = raw[..., byte]
        return out.tobytes()


def with_gaps(codes):
    """E2M1 among bytes: 16 codes in 8 bytes, then 8 bytes that nobody reads. [rows, depth] to as many bytes."""
    rows, depth = codes.shape
    pairs = (codes[:, 0::2] | codes[:, 1::2] << 4).reshape(rows, depth // 16, 8)
    return np.concatenate([pairs, np.full_like(pairs, 0xFF)], axis=2).reshape(rows, depth)


def packed(codes):
    return codes[:, 0::2] | codes[:, 1::2] << 4


def scale_image(scales):
    """UE8M0 bytes [rows, 4] as tcgen05.cp.32x128b.warpx4 wants them: 512 bytes for each 128 rows."""
    rows = -(-len(scales) // 128) * 128
    words = np.zeros((rows, 4), np.uint8)
    words[: len(scales)] = scales
    return np.ascontiguousarray(words.reshape(rows // 128, 4, 32, 4).transpose(0, 2, 1, 3)).tobytes()
