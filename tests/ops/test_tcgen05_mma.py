"""Single matrix instructions on the CPU: what is refused, in which words, and what is left alone."""

import aotgemm
import numpy as np
import pytest
from aotgemm import _core

M, N = 3, 5


def raw(rows, columns):
    return np.zeros((rows, columns), np.int8)


def call(kind="mxf8f6f4", types=("e4m3", "e2m1"), a=None, b=None, d=None, **scales):
    a, b = (raw(rows, 64) if given is None else given for given, rows in ((a, M), (b, N)))
    given = {"sfa": raw(M, 2), "sfb": raw(N, 2)} | scales
    d = np.zeros((M, N), np.float32) if d is None else d
    _core.tcgen05_mma(kind, types[0], a, given["sfa"], types[1], b, given["sfb"], d)
    return d


CASES = {
    "a kind": ({"kind": "i8"}, aotgemm.KernelMissingError, "kind: is 'i8', allowed is f16 or tf32 or f8f6f4"),
    "a type": ({"types": ("bf16", "e4m3")}, aotgemm.KernelMissingError, "type_a: is 'bf16', allowed is e4m3 or e5m2"),
    "two types": (
        {"kind": "f16", "types": ("bf16", "fp16")},
        aotgemm.KernelMissingError,
        "type_b: is 'fp16', allowed is bf16",
    ),
    "part of a step": (
        {"a": raw(M, 40), "b": raw(N, 40)},
        aotgemm.ShapeError,
        "a: has rows of 40 bytes, allowed are multiples of 32",
    ),
    "other bytes": ({"b": raw(N, 32), "sfb": raw(N, 1)}, aotgemm.ShapeError, "b: "),
    "no scales": ({"sfa": None}, aotgemm.LayoutError, "sfa: is none, but the kind mxf8f6f4 has scales"),
    "scales": ({"kind": "f8f6f4"}, aotgemm.LayoutError, "sfa: is given, but the kind f8f6f4 has none"),
    "few scales": ({"sfb": raw(N, 1)}, aotgemm.ShapeError, "sfb: "),
    "scales of 16": ({"kind": "mxf4nvf4", "types": ("e2m1", "e2m1")}, aotgemm.ShapeError, "sfa: "),
    "bytes": ({"a": raw(M, 64).view(np.uint8)}, aotgemm.DtypeError, "a: "),
    "BF16 sums": ({"d": np.zeros((M, N), np.int32)}, aotgemm.DtypeError, "d: "),
    "other rows": ({"d": np.zeros((M + 1, N), np.float32)}, aotgemm.ShapeError, "d: "),
}


@pytest.mark.parametrize(("changes", "error", "words"), CASES.values(), ids=CASES)
def test_what_is_refused(changes, error, words):
    with pytest.raises(error) as raised:
        call(**changes)
    assert str(raised.value).startswith(words)


def test_sums_may_not_lie_where_operands_do():
    memory = np.zeros(M * N, np.float32)
    a = memory.view(np.int8)[: 32 * 1].reshape(1, 32)
    with pytest.raises(aotgemm.LayoutError, match="d"):
        call("f8f6f4", ("e4m3", "e4m3"), a, raw(N, 32), memory[:N].reshape(1, N), sfa=None, sfb=None)


@pytest.mark.parametrize("shape", [(0, N, 64), (M, 0, 64), (M, N, 0)])
def test_nothing_to_add(shape):
    m, n, k = shape
    d = np.full((m, n), 7, np.float32)
    call(a=raw(m, k), b=raw(n, k), d=d, sfa=raw(m, k // 32), sfb=raw(n, k // 32))
    assert (d == 7).all()
