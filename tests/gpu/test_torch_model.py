"""A model of aotgemm's layers on a GPU: PyTorch's checks of every operator, one graph, CUDA graphs, the eager bits."""

import aotgemm.torch
import numpy as np
import pytest
import torch
from aotgemm.torch.calls import CALLS
from layer_weights import bf16, blocks, stacked
from operator_operands import operator_names, operator_operands
from torch_tensors import bits

DEVICE = "cuda"
TESTS = ("test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")
OF_LAYERS = [name for name in operator_names() if name not in CALLS]  # test_torch_operators.py has the others
E, H, I, T, SLOTS = 4, 256, 128, 33, 2  # noqa: E741


def put(value):
    if isinstance(value, torch.Tensor):
        return torch.empty_strided(value.shape, value.stride(), dtype=value.dtype, device=DEVICE).copy_(value)
    return value


def tensors(result):
    return result if isinstance(result, tuple | list) else (result,)


@pytest.mark.parametrize("name", OF_LAYERS)
def test_operators_of_layers_give_the_cpus_bits(name):
    operator, given = getattr(torch.ops.aotgemm, name).default, operator_operands(name)
    found, wanted = operator(*map(put, given)), operator(*given)
    for gpu, cpu in zip(tensors(found), tensors(wanted), strict=True):
        assert gpu.stride() == cpu.stride()
        np.testing.assert_array_equal(bits(gpu), bits(cpu))


@pytest.mark.parametrize("name", OF_LAYERS)
def test_pytorchs_checks(name):
    given = tuple(map(put, operator_operands(name)))
    done = torch.library.opcheck(getattr(torch.ops.aotgemm, name).default, given, test_utils=TESTS)
    assert set(done.values()) == {"SUCCESS"}


class Model(torch.nn.Module):
    """Two layers, each a linear one, a router and experts, as a decoder has them behind its attention."""

    def __init__(self):
        super().__init__()
        self.linear = torch.nn.ModuleList(aotgemm.torch.FP8Linear(H, H, bias=True) for _ in range(2))
        self.experts = torch.nn.ModuleList(aotgemm.torch.FP8Experts(E, H, I) for _ in range(2))
        self.router = torch.nn.ParameterList(torch.nn.Parameter(bf16(7 + i, E, H).float()) for i in range(2))
        for i, (linear, experts) in enumerate(zip(self.linear, self.experts, strict=True)):
            linear.weight.data, linear.weight_scale_inv.data = blocks(20 + i, H, H)
            linear.bias.data = bf16(30 + i, H)
            experts.gate_up_proj.data, experts.gate_up_proj_scale_inv.data = stacked(40 + 10 * i, E, 2 * I, H)
            experts.down_proj.data, experts.down_proj_scale_inv.data = stacked(60 + 10 * i, E, H, I)

    def forward(self, x):
        for linear, experts, router in zip(self.linear, self.experts, self.router, strict=True):
            x = x + linear(x)
            weights, index = (x.float() @ router.T).softmax(-1).topk(SLOTS)
            x = x + experts(x, index, weights)
        return x


@pytest.fixture(scope="module")
def model():
    torch._dynamo.reset()
    return Model().to(DEVICE).requires_grad_(False)


def test_the_model_is_one_graph_without_a_break(model):
    explained = torch._dynamo.explain(model)(put(bf16(1, T, H)))
    assert explained.graph_count == 1 and explained.graph_break_count == 0, explained.break_reasons


def test_one_graph_gives_the_eager_bits(model):
    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, dynamic=True, backend="aot_eager")
    for tokens in (T, 5):
        x = put(bf16(1, T, H)[:tokens])
        assert torch.equal(compiled(x), model(x)) and model(x).isfinite().all()


def test_inductors_cuda_graph_gives_the_bits_of_its_code_without(model):
    torch._dynamo.reset()
    plain = torch.compile(model, fullgraph=True)
    x = put(bf16(1, T, H))
    wanted = plain(x).clone()
    torch._dynamo.reset()
    compiled = torch.compile(model, fullgraph=True, mode="reduce-overhead")
    for _ in range(4):  # it warms up, records, then replays
        assert torch.equal(compiled(x), wanted)


def test_a_replayed_cuda_graph_gives_the_eager_bits(model):
    inputs = [put(bf16(seed, T, H)) for seed in range(4)]
    wanted = [model(x) for x in inputs]
    x, graph, stream = torch.empty_like(inputs[0]), torch.cuda.CUDAGraph(), torch.cuda.Stream()
    x.copy_(inputs[0])
    stream.wait_stream(torch.cuda.current_stream())
    with torch.cuda.stream(stream):
        model(x)
    torch.cuda.current_stream().wait_stream(stream)
    with torch.cuda.graph(graph):
        out = model(x)
    for given, expected in zip(inputs, wanted, strict=True):
        x.copy_(given)
        out.fill_(float("nan"))
        graph.replay()
        assert torch.equal(out, expected)


def test_gradients_do_not_see_the_other_rows(model):
    x, gradient = put(bf16(1, T, H)), put(bf16(2, T, H))
    weights, index = torch.rand(T, E, generator=torch.Generator().manual_seed(0)).to(DEVICE).topk(SLOTS)
    order = torch.randperm(T, generator=torch.Generator().manual_seed(0)).to(DEVICE)
    results = []
    for rows in (torch.arange(T, device=DEVICE), order):
        given, scores = x[rows].requires_grad_(), weights[rows].requires_grad_()
        model.experts[0](model.linear[0](given), index[rows], scores).backward(gradient[rows])
        results.append((given.grad, scores.grad))
    for whole, mixed in zip(*results, strict=True):
        assert whole.any() and torch.equal(whole[order], mixed)
