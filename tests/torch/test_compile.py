"""Code written for DeepGEMM in torch.compile and torch.export: one graph, the bits of an eager call."""

import aotgemm
import aotgemm.torch
import numpy as np
import pytest
import torch
from aotgemm.torch.calls import CALLS
from call_operands import operands, output
from torch._dynamo.testing import CompileCounterWithBackend
from torch_tensors import bits

N, K = 192, 256


@pytest.fixture(autouse=True)
def fresh_dynamo():
    torch._dynamo.reset()
    yield
    torch._dynamo.reset()


def activations(m):
    return torch.randn(m, K, generator=torch.Generator().manual_seed(m)).bfloat16()


def weight():
    return aotgemm.per_block_cast_to_fp8(
        torch.randn(N, K, generator=torch.Generator().manual_seed(0)).bfloat16(), False
    )


class Layer(torch.nn.Module):
    """As engines write it: cast, allocate, call; nothing of it knows of a compiler."""

    def __init__(self, library=aotgemm):
        super().__init__()
        self.library = library
        self.q, self.sf = (torch.nn.Parameter(each, requires_grad=False) for each in weight())

    def forward(self, x):
        a = self.library.per_token_cast_to_fp8(x, use_ue8m0=False)
        a = a[0], self.library.get_mn_major_tma_aligned_tensor(a[1])
        d = torch.empty(x.shape[0], N, dtype=torch.bfloat16, device=x.device)
        self.library.fp8_gemm_nt(a, (self.q, self.sf), d, recipe=(1, 128, 128), disable_ue8m0_cast=True)
        return torch.relu(d)


@pytest.mark.parametrize("backend", ["eager", "aot_eager", "inductor"])
def test_a_layer_is_one_graph_for_every_m(backend):
    layer = Layer()
    counter = CompileCounterWithBackend(backend)
    compiled = torch.compile(layer, fullgraph=True, dynamic=True, backend=counter)
    for m in (9, 4, 33):
        assert torch.equal(compiled(activations(m)), layer(activations(m)))
    assert counter.frame_count == 1


@pytest.mark.parametrize("name", CALLS)
def test_every_call_is_traced(name):
    function, eager, traced = getattr(aotgemm, name), operands(name), operands(name)
    function(*eager)
    torch.compile(lambda *given: function(*given), fullgraph=True, backend="aot_eager")(*traced)
    np.testing.assert_array_equal(bits(output(traced)), bits(output(eager)))


def test_keywords_are_traced():
    def call(a, b, d, layout):
        aotgemm.m_grouped_fp8_gemm_nt_contiguous(
            a, b, d, grouped_layout=layout, use_psum_layout=True, expected_m_for_psum_layout=64
        )

    eager, traced = (operands("m_grouped_fp8_gemm_nt_contiguous")[:3] for _ in range(2))
    ends = torch.tensor([100, 128, 300], dtype=torch.int32)
    call(*eager, ends)
    torch.compile(call, fullgraph=True, backend="aot_eager")(*traced, ends)
    np.testing.assert_array_equal(bits(traced[2]), bits(eager[2]))


def test_a_slice_of_a_larger_buffer_is_written_in_place():
    layer = Layer()

    def call(x, buffer):
        aotgemm.fp8_gemm_nt(aotgemm.per_token_cast_to_fp8(x, False), (layer.q, layer.sf), buffer[: x.shape[0]])
        return buffer

    eager, traced = (torch.full((16, N), 7, dtype=torch.bfloat16) for _ in range(2))
    call(activations(9), eager)
    assert torch.compile(call, fullgraph=True)(activations(9), traced).data_ptr() == traced.data_ptr()
    assert torch.equal(traced, eager) and (traced[9:] == 7).all()


@pytest.mark.parametrize("backend", ["aot_eager", "inductor"])
def test_accumulating_into_d_itself_and_into_another(backend):
    a, b = (aotgemm.per_token_cast_to_fp8(activations(m), False) for m in (8, 16))
    start = torch.randn(8, 16, generator=torch.Generator().manual_seed(3))

    def call(c, is_same):
        d = c.clone()
        aotgemm.fp8_gemm_nt(a, b, d, d if is_same else c, recipe=(1, 1, 128))
        return d

    compiled = torch.compile(call, fullgraph=True, backend=backend)
    for is_same in (True, False):
        kept = start.clone()
        assert torch.equal(compiled(kept, is_same), call(start, is_same)) and torch.equal(kept, start)


@pytest.mark.parametrize("strict, library", [(True, aotgemm), (False, aotgemm.torch)], ids=["strict", "not strict"])
def test_exports_with_any_number_of_rows(strict, library):
    layer = Layer(library)
    rows = torch.export.Dim("rows", min=2, max=4096)
    program = torch.export.export(layer, (activations(9),), dynamic_shapes=({0: rows},), strict=strict)
    operators = [str(node.target) for node in program.graph.nodes if "aotgemm" in str(node.target)]
    assert operators[-1] == "aotgemm.fp8_gemm_nt.default" and len(operators) == 3
    for m in (4, 33):
        assert torch.equal(program.module()(activations(m)), layer(activations(m)))


def test_an_ahead_of_time_package_runs_where_the_operators_are_registered(tmp_path):
    layer, path = Layer(), str(tmp_path / "layer.pt2")
    program = torch.export.export(layer, (activations(9),), strict=True)
    torch._inductor.aoti_compile_and_package(program, package_path=path)
    assert torch.equal(torch._inductor.aoti_load_package(path)(activations(9)), layer(activations(9)))


def test_wrong_sizes_fail_when_the_graph_is_made():
    layer = Layer()
    with pytest.raises(Exception, match="b: K is 256, must be 128"):
        torch.compile(layer, fullgraph=True, backend="eager")(activations(9)[:, :128])


def test_the_package_has_aotgemms_calls():
    for name in (*CALLS, "per_token_cast_to_fp8", "get_mn_major_tma_aligned_tensor"):
        assert getattr(aotgemm.torch, name).__wrapped__ is getattr(aotgemm, name)
        assert getattr(aotgemm.torch, name).__doc__ == getattr(aotgemm, name).__doc__
