"""fp8_einsum "bhr,hdr->bhd": a batch along the middle dimension, read and written through its strides."""

import aotgemm
import numpy as np
import pytest
from grouped_problems import make_batch
from problems import BF16

SHAPES = [(1, 1, 8, 16), (5, 3, 72, 144), (130, 2, 136, 272)]  # B, H, D, R


def contract(batch, **options):
    """Bits of D [B, H, D] from the problem's [H, B, ...] operands."""
    d = np.full((batch.a.shape[1], batch.a.shape[0], batch.b.shape[1]), -1, BF16)
    pair = tuple(np.ascontiguousarray(x.swapaxes(0, 1)) for x in (batch.a, batch.sfa))
    aotgemm.fp8_einsum("bhr,hdr->bhd", pair, (batch.b, batch.sfb), d, **options)
    return d.view(np.uint16)


def full_batch(b, h, d, r):
    return make_batch((b,) * h, b, d, r)


@pytest.mark.parametrize("shape", SHAPES, ids=str)
def test_equals_its_definition(shape):
    batch = full_batch(*shape)
    np.testing.assert_array_equal(contract(batch), batch.expected().swapaxes(0, 1))


@pytest.mark.parametrize("options", [{"recipe": (1, 128, 128)}, {"recipe": None}, {"c": None}], ids=str)
def test_options(options):
    batch = full_batch(3, 2, 24, 48)
    np.testing.assert_array_equal(contract(batch, **options), batch.expected().swapaxes(0, 1))


def test_views_of_any_order():
    batch = full_batch(5, 3, 24, 144)
    d = np.full((3, 5, 24), -1, BF16)  # [H, B, D] in memory
    pair = (batch.a.swapaxes(0, 1), batch.sfa.swapaxes(0, 1))
    aotgemm.fp8_einsum("bhr, hdr -> bhd", pair, (batch.b, batch.sfb), d.swapaxes(0, 1))
    np.testing.assert_array_equal(d.view(np.uint16), batch.expected())


def test_a_strided_output_keeps_its_surroundings():
    batch = full_batch(5, 3, 24, 144)
    memory = np.full((5, 4, 40), 7, BF16)
    out = memory[:, 1:, 8:32]
    pair = (batch.a.swapaxes(0, 1), batch.sfa.swapaxes(0, 1))
    aotgemm.fp8_einsum("bhr,hdr->bhd", pair, (batch.b, batch.sfb), out)
    np.testing.assert_array_equal(out.view(np.uint16), batch.expected().swapaxes(0, 1))
    out[:] = 7
    assert (memory == 7).all()


def test_an_empty_batch_returns_at_once():
    assert contract(full_batch(0, 3, 24, 144)).shape == (0, 3, 24)


@pytest.mark.parametrize("expr", ["bhd,hdr->bhr", "bhr,hdr->hbd", ""])
def test_other_expressions_are_refused(expr):
    batch = full_batch(3, 2, 24, 48)
    with pytest.raises(aotgemm.ShapeError, match=r"^expr: is '.*', allowed is 'bhr,hdr->bhd'"):
        aotgemm.fp8_einsum(expr, (batch.a, batch.sfa), (batch.b, batch.sfb), batch.empty_output())


@pytest.mark.parametrize(
    "options, kind, message",
    [
        ({"recipe": (1, 1, 128)}, aotgemm.ShapeError, r"^recipe: is \(1, 1, 128\), allowed is None or"),
        ({"c": 1}, aotgemm.LayoutError, "^c: is a int, allowed is None"),
    ],
)
def test_refused_options(options, kind, message):
    with pytest.raises(kind, match=message):
        contract(full_batch(3, 2, 24, 48), **options)


def test_overlapping_outputs_are_refused():
    batch = full_batch(3, 2, 24, 48)
    memory = np.zeros(200, BF16)
    d = np.lib.stride_tricks.as_strided(memory, (3, 2, 24), (64, 32, 2))  # rows of 24, heads 16 apart
    with pytest.raises(aotgemm.LayoutError, match=r"^d: strides are \(16, 32, 1\) for shape \[2, 3, 24\].*apart"):
        aotgemm.fp8_einsum("bhr,hdr->bhd", (batch.a.swapaxes(0, 1), batch.sfa.swapaxes(0, 1)), (batch.b, batch.sfb), d)
