"""Problems of fp8_fp4_gemm for the PTX machine: any grouping and layout, types and granularities drawn.

Operands are drawn in the shapes of the call. D is compared with the CPU backend's, poison included.
"""

from dataclasses import dataclass

import ml_dtypes
import numpy as np
from aotgemm import _core

FAMILY = "fp8_fp4_gemm"
FP8 = ml_dtypes.float8_e4m3fn
POISON = 0xA5
DTYPES = {"bf16": ml_dtypes.bfloat16, "fp32": np.float32}
GROUPS = {"batched": 3, "masked": 3, "contiguous": 4, "psum": 4, "k_grouped": 3}
PSUM_ALIGNMENTS = (128, 224, 32, 6, 1)  # rows at multiples of which groups start; contiguous has the first alone


@dataclass(frozen=True)
class Shape:
    """groups: 0 where the tensor has no such dimension."""

    rows: int
    k: int
    groups: int = 0

    @property
    def lead(self):
        return (self.groups,) if self.groups else ()


@dataclass(frozen=True)
class Operand:
    """codes as the call takes them; words: scales [.., rows, words], memory [.., words, rows padded]."""

    rows: int
    codes: np.ndarray
    words: np.ndarray
    gran: int

    def on_cpu(self):
        return self.codes, self._rows_adjacent(self.words)

    def on_gpu(self):
        words = on_device(self.words)
        shape, (*lead, _, pitch) = self._rows_adjacent(self.words).shape, self.words.shape
        strides = [shape[-1] * pitch] * len(lead) + [1, pitch]
        return on_device(self.codes), words.as_strided(list(shape), strides)

    def _rows_adjacent(self, memory):
        return memory.swapaxes(-1, -2)[..., : self.rows, :]


def on_device(array):
    out = _core.DeviceArray.empty(list(array.shape), array.dtype.name, 0)
    out.copy_from(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return out


def _aligned(array, multiple=32):
    """A copy that starts at a multiple of bytes, as FP4 must."""
    memory = np.empty(array.nbytes + multiple, np.uint8)
    copy = memory[-memory.ctypes.data % multiple :][: array.nbytes].reshape(array.shape)
    copy[...] = array
    return copy


def _codes(random, shape, fp4, mn_major):
    """Finite codes of every kind, [.., K, rows] if MN-major; int8 has two E2M1 codes of adjacent elements."""
    lines, length = (shape.k, shape.rows) if mn_major else (shape.rows, shape.k)
    bits = random.integers(0, 256, (*shape.lead, lines, length // 2 if fp4 else length), np.uint8)
    if fp4:
        return _aligned(bits).view(np.int8)
    bits[bits & 0x7F == 0x7F] ^= 0x40
    return bits.view(FP8)


def _words(random, shape, ks, gran):
    """Words of scales 2^-9 to 2^9 of each range of K; bytes without a scale are 0, rows without one poison."""
    memory = []
    for k in ks:
        count = -(-k // gran)
        exponents = np.zeros((*shape.lead, shape.rows, -(-count // 4) * 4), np.uint8)
        exponents[..., :count] = random.integers(118, 137, (*shape.lead, shape.rows, count), np.uint8)
        memory.append(exponents.view(np.int32).swapaxes(-1, -2))
    words = np.concatenate(memory, -2)
    padded = np.full((*words.shape[:-1], -(-shape.rows // 4) * 4), 0x5A5A5A5A, np.int32)
    padded[..., : shape.rows] = words
    return padded


def draw(random, shape, ks, mn_major, gran, fp4):
    codes = _codes(random, shape, fp4, mn_major)
    return Operand(shape.rows, codes, _words(random, shape, ks, gran), gran)


def _index(random, grouping, m, groups, ks):
    """Rows of A, or of each of its groups, and the index; some groups are empty, one ends inside a tile."""
    if grouping == "masked":
        return m, np.array([m // 3 + 1, 0, m], np.int32)
    if grouping == "k_grouped":
        return m, np.array(ks, np.int32)
    if grouping not in ("contiguous", "psum"):
        return m, None
    counts, multiple = (m, 0, m // 3 + 1, 1), PSUM_ALIGNMENTS[0]
    if grouping == "psum":
        multiple = int(random.choice(PSUM_ALIGNMENTS))
        _core.set_psum_alignment(multiple)
    starts = np.cumsum([0, *(-(-count // multiple) * multiple for count in counts)])
    if grouping == "psum":
        return int(starts[-1]), (starts[:-1] + counts).astype(np.int32)
    index = np.full(starts[-1], -1, np.int32)
    for group, count in enumerate(counts):
        index[starts[group] : starts[group] + count] = group
    return int(starts[-1]), index


@dataclass
class Call:
    """One call on both backends."""

    spec: dict
    a: Operand
    b: Operand
    c: np.ndarray | None
    d: np.ndarray
    index: np.ndarray | None
    ks: list | None
    scaled_ks: np.ndarray | None
    heads: tuple | None
    kernel: int

    def _run(self, a, b, c, d, index, scaled_ks, kernel):
        words = FAMILY, self.spec["grouping"], self.spec["layout"]
        more = {"gran_k_a": self.a.gran, "gran_k_b": self.b.gran, "head_splits": self.heads, "scaled_ks": scaled_ks}
        _core.gemm(*words, *a, *b, c, d, index, self.ks, kernel=kernel, **more)

    def on_cpu(self):
        d = self.d.copy()
        self._run(self.a.on_cpu(), self.b.on_cpu(), self.c, d, self.index, self.scaled_ks, -1)
        return d

    def on_gpu(self):
        """What runs it, and D on the device."""
        c, index, scaled_ks = (None if x is None else on_device(x) for x in (self.c, self.index, self.scaled_ks))
        a, b, d = self.a.on_gpu(), self.b.on_gpu(), on_device(self.d)
        return lambda: self._run(a, b, c, d, index, scaled_ks, self.kernel), d


def _scaled_ks(random, ks):
    """For half of the problems with groups of K: of each group's K that which has scales."""
    if ks is None or random.integers(2):
        return None
    return np.array([k - random.integers(0, min(k, 192)) if k else 0 for k in ks], np.int32)


def call_of(spec, m, n, k, random, kernel=-1, types=None):
    """types: (is A FP4, granularity of A, is B FP4, granularity of B), drawn if None."""
    grouping, layout = spec["grouping"], spec["layout"]
    ks = [k, 0, 32] if grouping == "k_grouped" else None
    fp4_a, gran_a, fp4_b, gran_b = types or _drawn_types(random, spec, m, n, k)
    if ks is not None:
        gran_b = gran_a
    groups = GROUPS.get(grouping, 0)
    rows, index = _index(random, grouping, m, groups, ks)
    all_k = sum(ks or [k])
    has_rows_of_groups = grouping in ("batched", "masked")
    shape_a = Shape(rows, all_k, groups if has_rows_of_groups else 0)
    shape_b = Shape(n, all_k, groups if grouping not in ("dense", "k_grouped") else 0)
    scaled_ks = _scaled_ks(random, ks)
    of_scales = (ks or [k]) if scaled_ks is None else scaled_ks
    a = draw(random, shape_a, of_scales, layout[0] == "t", gran_a, fp4_a)
    b = draw(random, shape_b, of_scales, layout[1] == "n", gran_b, fp4_b)
    c, heads = _c_or_heads(random, grouping, n)
    columns = n + (n // (heads[0] + heads[2]) * heads[1] if heads else 0)
    shape = (*((groups,) if has_rows_of_groups or ks else ()), rows, columns)
    dtype = np.dtype(DTYPES[spec["out_dtype"]])
    d = np.full(int(np.prod(shape)) * dtype.itemsize, POISON, np.uint8).view(dtype).reshape(shape)
    c = (random.standard_normal(shape) * 300).astype(dtype) if c else None
    return Call(spec, a, b, c, d, index, ks, scaled_ks, heads, kernel)


def _c_or_heads(random, grouping, n):
    """Whether there is C; head_splits that divide N, or None."""
    if grouping in ("k_grouped", "batched"):
        return bool(random.integers(2)), None
    if grouping != "dense":
        return False, None
    heads = (8, 16, 16) if n % 24 == 0 else (8, 24, 0)
    return ((False, None), (True, None), (False, heads))[random.integers(3)]


FP4_BOX = 128  # adjacent elements of FP4: K, or M or N, is a multiple of it, and so is what a block loads of it


def may_be_fp4(spec, m, n, k):
    """Whether A may, and B."""
    is_t, is_n = spec["layout"][0] == "t", spec["layout"][1] == "n"
    whole_a = not is_t or spec["block_m"] // spec["cluster_n"] % FP4_BOX == 0
    whole_b = not is_n or spec["block_n"] // spec["cluster_m"] % FP4_BOX == 0
    return (m if is_t else k) % FP4_BOX == 0 and whole_a, (n if is_n else k) % FP4_BOX == 0 and whole_b


def _drawn_types(random, spec, m, n, k):
    a, b = (may_be and bool(random.integers(2)) for may_be in may_be_fp4(spec, m, n, k))
    return a, int(random.choice((32, 128))), b, int(random.choice((32, 128)))


def spec_of(kernel):
    return next(spec for spec in _core.specs() if spec["name"] == kernel)


def fp8_fp4(kernel, m, n, k, random):
    """Of the kernel's grouping and layout. What to run, D on the device, and what it must hold."""
    spec = spec_of(kernel)
    call = call_of(spec, m, n, k, np.random.default_rng([spec["kernel"], m, n, k]), spec["kernel"])
    run, d = call.on_gpu()
    return run, d, call.on_cpu()


def chosen(words, m, n, k, random):
    """The selection takes a kernel. words: grouping, layout, output, type and granularity of A and of B."""
    grouping, layout, out_dtype, type_a, gran_a, type_b, gran_b = words.split()
    spec = {"grouping": grouping, "layout": layout, "out_dtype": out_dtype}
    types = type_a == "fp4", int(gran_a), type_b == "fp4", int(gran_b)
    call = call_of(spec, m, n, k, np.random.default_rng([m, n, k]), types=types)
    run, d = call.on_gpu()
    return run, d, call.on_cpu()


def _one_in_fp4(kernel, m, n, k, random, types):
    call = call_of(spec_of(kernel), m, n, k, random, spec_of(kernel)["kernel"], types)
    run, d = call.on_gpu()
    return run, d, call.on_cpu()


def fp4_a(kernel, m, n, k, random):
    """A of FP4, B of FP8."""
    return _one_in_fp4(kernel, m, n, k, random, (True, int(random.choice((32, 128))), False, 128))


def fp4_b(kernel, m, n, k, random):
    """A of FP8 with scales of 128 of K, B of FP4 with scales of 32, or of 128 where both have the same."""
    return _one_in_fp4(kernel, m, n, k, random, (False, 128, True, 32))


PROBLEMS = (fp8_fp4, fp4_a, fp4_b, chosen)
