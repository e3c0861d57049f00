"""Small problems for the PTX machine: operands on its device, a kernel of one's choice, and what D must be."""

from dataclasses import dataclass

import aotgemm
import ml_dtypes
import numpy as np
from aotgemm import _core
from aotgemm.choice import arch_of
from aotgemm.problems.backends import CpuBackend, CudaBackend
from aotgemm.problems.call import call, prepared, public
from aotgemm.problems.kinds import KINDS, words_of
from aotgemm.problems.make import lay_out
from aotgemm.problems.operation import OperationCall
from aotgemm.problems.operation import lay_out as operation_call
from aotgemm.problems.operations import OPERATIONS
from aotgemm.problems.operations.hc_prenorm import PrenormSize
from aotgemm.problems.sizes import Size, heads, k_groups, row_groups
from aotgemm.problems.values import draw
from machine_fp8_fp4 import PROBLEMS
from machine_indexer import INDEXER

POISON = 0xA5
BF16, FP32, FP8 = ml_dtypes.bfloat16, np.float32, ml_dtypes.float8_e4m3fn


def on_device(array):
    out = _core.DeviceArray.empty(array.shape, array.dtype.name, 0)
    out.copy_from(np.ascontiguousarray(array).reshape(-1).view(np.uint8))
    return out


@dataclass
class Problem:
    """`run()` launches; `d`, an array or a call with outputs, is compared with `wanted`, both as raw bytes."""

    run: object
    d: object
    wanted: np.ndarray

    def differing(self):
        if isinstance(self.d, OperationCall):
            got = np.concatenate([self.d.raw(name) for name in self.d.outputs])
        else:
            got = np.empty(self.wanted.nbytes, np.uint8)
            self.d.copy_to(got)
        return int((got != self.wanted.reshape(-1).view(np.uint8)).sum())


def _out(shape, dtype):
    d = _core.DeviceArray.empty(shape, np.dtype(dtype).name, 0)
    d.fill_bytes(POISON)
    return d


def gemm(kernel, m, n, k, random, counts=()):
    """Of any family, with C where there can be one: the memory of D, guards included, as the CPU backend leaves it."""
    return gemm_of_size(kernel, row_groups(counts, n, k, room=m) if counts else Size(m, n, k), random)


def gemm_of_size(kernel, size, random):
    spec = next(spec for spec in _core.specs() if spec["name"] == kernel)
    aotgemm.set_cpu_arch(spec["arch"])  # which sizes it takes
    kind = next(kind for kind in KINDS.values() if kind.words == words_of(spec))
    operands, c = draw(kind, size, random, "finite"), "separate" if kind.takes_c else "none"
    on_gpu, on_cpu = (lay_out(kind, size, operands, backend, c=c) for backend in (CudaBackend(), CpuBackend()))
    call(on_cpu)
    return Problem(prepared(on_gpu, spec["kernel"]), on_gpu.memory, on_cpu.read())


def masked(kernel, m, n, k, random):
    return gemm(kernel, m, n, k, random, counts=(m // 3, 0, m))


def _size(grouping, m, n, k):
    """A few groups, some of them empty where they may be."""
    sizes = {
        "dense": Size(m, n, k),
        "skip_head_mid": heads((128, 64, 128), n // 256, m, k),
        "k_grouped": k_groups((k, 0, 64, k), m, n),
        "batch_reduced": Size(m, n, k, batches=3),
        "batched": row_groups((m, m, m), n, k),
    }
    return sizes.get(grouping) or row_groups((m, 0, m // 3 + 1, 1), n, k)


def in_groups(kernel, m, n, k, random):
    """Of the kernel's grouping."""
    (grouping,) = {spec["grouping"] for spec in _core.specs() if spec["name"] == kernel}
    return gemm_of_size(kernel, _size(grouping, m, n, k), random)


def users_call(name, m, n, k, random):
    """The call that a user makes, of a kind of that name: the library chooses the kernel."""
    kind = KINDS[name]
    aotgemm.set_cpu_arch(arch_of(_core.cuda_device(0)))
    size = _size(kind.grouping, m, n, k)
    operands, c = draw(kind, size, random, "finite"), "separate" if kind.takes_c else "none"
    on_gpu, on_cpu = (lay_out(kind, size, operands, backend, c=c) for backend in (CudaBackend(), CpuBackend()))
    call(on_cpu)
    return Problem(public(on_gpu), on_gpu.memory, on_cpu.read())


def row_major_scales(kernel, m, n, k, random):
    """fp8_gemm_nt with scales that it must copy first: the kernel of its choice is launched behind the copy."""
    a, b = (random.standard_normal((rows, k)).astype(FP8) for rows in (m, n))
    sfa, sfb = (random.random((rows, -(-k // 128)), FP32) for rows in (m, -(-n // 128)))
    wanted, d = np.empty((m, n), BF16), _out((m, n), BF16)
    aotgemm.fp8_gemm_nt((a, sfa), (b, sfb), wanted)
    on_gpu = [on_device(operand) for operand in (a, sfa, b, sfb)]
    return Problem(lambda: aotgemm.fp8_gemm_nt(tuple(on_gpu[:2]), tuple(on_gpu[2:]), d), d, wanted)


def transpose_sf(kernel, m, n, k, random):
    scales = random.standard_normal((m, k)).astype(FP32)
    wanted = np.ascontiguousarray(scales.T)
    out = _out((k, m), FP32)
    source = on_device(scales)
    return Problem(lambda: _core.sf_to_mn_major(source, out.as_strided([m, k], [1, m])), out, wanted)


def cast(kernel, m, n, k, random):
    x = random.standard_normal((m, k)).astype(FP32)
    wanted, wanted_sf = np.empty((m, k), FP8), np.empty((-(-m // 128), -(-k // 128)), FP32)
    _core.cast("per_block_fp8", x, wanted, wanted_sf)
    source, q, sf = on_device(x), _out((m, k), FP8), _out(wanted_sf.shape, FP32)
    return Problem(lambda: _core.cast("per_block_fp8", source, q, sf), q, wanted)


def hc_prenorm(kernel, m, n, k, random, splits=0):
    """D and the sums of squares, guards included."""
    operation, size = OPERATIONS["tf32_hc_prenorm_gemm"], PrenormSize(m, n, k, splits)
    inputs = operation.draw(size, random, "edge")
    on_gpu, on_cpu = (operation_call(operation, size, inputs, backend) for backend in (CudaBackend(), CpuBackend()))
    on_cpu.run()
    wanted = np.concatenate([on_cpu.raw(name) for name in on_cpu.outputs])
    return Problem(on_gpu.run, on_gpu, wanted)


def hc_prenorm_split(kernel, m, n, k, random):
    return hc_prenorm(kernel, m, n, k, random, splits=5)


def hc_prenorm_in_16(kernel, m, n, k, random):
    return hc_prenorm(kernel, m, n, k, random, splits=16)


def instructions(words, m, n, k, random):
    """k steps of a kind of tcgen05.mma, on any bits. words: kind, type of A, type of B. Beside D lie other bits."""
    kind, *types = words.split()
    scales, step_bytes = {"mxf8f6f4": 1, "mxf4": 2, "mxf4nvf4": 4}.get(kind, 0), 64 if kind.startswith("mxf4") else 32

    def bits(rows, columns, type_=""):
        return random.integers(0, 16 if type_ == "e2m1" else 256, (rows, columns), np.uint8).view(np.int8)

    a, b = (bits(rows, k * step_bytes, type_) for rows, type_ in zip((m, n), types, strict=True))
    sfa, sfb = (bits(rows, k * scales) if scales else None for rows in (m, n))
    wanted = np.frombuffer(random.bytes(4 * m * (n + 1)), np.float32).reshape(m, n + 1).copy()
    memory = on_device(wanted)
    _core.tcgen05_mma(kind, types[0], a, sfa, types[1], b, sfb, wanted[:, :n])
    a, sfa, b, sfb = (None if x is None else on_device(x) for x in (a, sfa, b, sfb))
    d = memory.as_strided([m, n], [n + 1, 1])
    return Problem(lambda: _core.tcgen05_mma(kind, types[0], a, sfa, types[1], b, sfb, d), memory, wanted)


OURS = (
    gemm,
    masked,
    in_groups,
    users_call,
    row_major_scales,
    transpose_sf,
    cast,
    hc_prenorm,
    hc_prenorm_split,
    hc_prenorm_in_16,
    instructions,
)
FAMILIES = {f.__name__: f for f in OURS}
FAMILIES |= {f.__name__: lambda *task, make=f: Problem(*make(*task)) for f in (*INDEXER, *PROBLEMS)}
