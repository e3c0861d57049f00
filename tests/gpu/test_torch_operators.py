"""aotgemm.torch on a GPU: the CPU's bits from operators, compiled graphs and CUDA graphs, and from layers."""

import re

import aotgemm
import aotgemm.torch
import numpy as np
import pytest
import torch
from aotgemm.torch.calls import CALLS
from call_operands import ON_BLACKWELL_ALONE, flattened, operands, output
from torch_tensors import bits

TESTS = ("test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")


def on_gpu(value):
    """The same values and strides on the GPU, in tuples too."""
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device="cuda").copy_(value)
    return tuple(on_gpu(each) for each in value) if isinstance(value, tuple) else value


def on_both(name):
    given = operands(name)
    return given, tuple(on_gpu(each) for each in given)


def live(name, out):
    """Rows that some group has: what lies in others is no part of the contract of an eager call."""
    return out[:356] if name.endswith("contiguous") and name.startswith("m_grouped") else out


def refusal(name, gpu):
    """What the call says where the library has no kernel for this GPU; empty where it runs."""
    try:
        getattr(aotgemm, name)(*gpu)
    except aotgemm.KernelMissingError as error:
        return str(error)
    return ""


@pytest.mark.parametrize("name", CALLS)
def test_operators_give_the_cpus_bits(name):
    cpu, gpu = on_both(name)
    if words := refusal(name, gpu):
        assert name in ON_BLACKWELL_ALONE
        with pytest.raises(aotgemm.KernelMissingError, match=re.escape(words)):
            getattr(torch.ops.aotgemm, name)(*flattened(gpu))
        return
    _, gpu = on_both(name)
    getattr(aotgemm, name)(*cpu)
    getattr(torch.ops.aotgemm, name)(*flattened(gpu))
    np.testing.assert_array_equal(bits(live(name, output(gpu))), bits(live(name, output(cpu))))


@pytest.mark.parametrize("name", [name for name in CALLS if name not in ON_BLACKWELL_ALONE])
def test_pytorchs_checks(name):
    _, gpu = on_both(name)
    done = torch.library.opcheck(getattr(torch.ops.aotgemm, name).default, tuple(flattened(gpu)), test_utils=TESTS)
    assert set(done.values()) == {"SUCCESS"}


@pytest.mark.parametrize("mode", ["default", "reduce-overhead"])
def test_a_compiled_layer_replays_the_eager_bits(mode):
    torch._dynamo.reset()
    w = aotgemm.per_block_cast_to_fp8(torch.randn(192, 256, device="cuda").bfloat16(), False)

    def layer(x):
        a = aotgemm.per_token_cast_to_fp8(x, use_ue8m0=False)
        d = torch.empty(x.shape[0], 192, dtype=torch.bfloat16, device=x.device)
        aotgemm.fp8_gemm_nt(a, w, d)
        return torch.relu(d)

    compiled = torch.compile(layer, fullgraph=True, mode=mode)
    for _ in range(4):  # reduce-overhead warms up, records, then replays
        x = torch.randn(9, 256, device="cuda").bfloat16()
        assert torch.equal(compiled(x), layer(x))


def test_experts_and_their_gradients_give_the_cpus_bits():
    generator = torch.Generator().manual_seed(0)
    random = [torch.randn(shape, generator=generator).bfloat16() for shape in ((33, 256), (33, 256))]
    weights = [
        [aotgemm.per_block_cast_to_fp8(torch.randn(n, k, generator=generator) / 16, False) for _ in range(4)]
        for n, k in ((256, 256), (256, 128))
    ]
    stacked = [
        part
        for pairs in weights
        for part in (
            torch.stack([q.view(torch.uint8) for q, _ in pairs]).view(torch.float8_e4m3fn),
            torch.stack([scales for _, scales in pairs]),
        )
    ]
    scores, index = torch.rand(33, 4, generator=generator).topk(2)
    offsets = torch.tensor([3, 3, 20, 33], dtype=torch.int32)
    results = []
    for device in ("cpu", "cuda"):
        x = random[0].clone().to(device).requires_grad_()
        given = [each.to(device) for each in stacked]
        out = aotgemm.torch.fp8_grouped_linear(x, given[0], given[1], offsets.to(device))
        out.backward(random[1].to(device))
        results.append((out.detach().cpu(), x.grad.cpu()))
        once = aotgemm.torch.fp8_experts(x.detach(), index.to(device), scores.to(device), *given)
        again = aotgemm.torch.fp8_experts(x.detach()[5:6], index[5:6].to(device), scores[5:6].to(device), *given)
        assert torch.equal(once[5:6], again)
    for cpu, gpu in zip(*results, strict=True):
        assert torch.equal(cpu, gpu)
