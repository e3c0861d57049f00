"""FP4 weights in words: in graphs, in layers with gradients, and from checkpoints, on the CPU backend."""

import aotgemm
import aotgemm.torch
import numpy as np
import pytest
import torch
from aotgemm.torch import checkpoint
from aotgemm.torch.fp4_weights import decoded
from aotgemm.torch.linear import dequantized
from layer_weights import bf16
from torch_tensors import bits

N, K, E = 40, 256, 3
TESTS = ("test_autograd_registration", "test_faketensor", "test_aot_dispatch_dynamic")


def packed(seed, *shape):
    """FP4 of every code, under powers of two that lie up to 20 apart in a row: E4M3 has room for 14."""
    g = torch.Generator().manual_seed(seed)
    codes = torch.randint(-128, 128, (*shape[:-1], shape[-1] // 2), generator=g, dtype=torch.int8)
    return codes, torch.exp2(-torch.randint(0, 21, (*shape[:-1], shape[-1] // 32), generator=g).float())


def exact(seed, *shape):
    """FP4 of normal values, which E4M3 holds: int8 and the scales' bytes."""
    codes, scales = aotgemm.per_token_cast_to_fp4(bf16(seed, *shape).reshape(-1, shape[-1]), True, 32)
    return codes.view(*shape[:-1], -1), (scales.view(torch.int32) >> 23).to(torch.uint8).view(*shape[:-1], -1)


def weights_of(seed, *shape):
    return aotgemm.prepack_fp4_weights(*exact(seed, *shape)).weights


@pytest.mark.parametrize("rows_per_scale", [1, 128])
@pytest.mark.parametrize("shape", [(N, K), (E, 8, K)], ids=str)
def test_decoded_words_are_what_the_call_multiplies(shape, rows_per_scale):
    given = packed(1, *shape)
    wanted, sf, inexact = aotgemm.requantize_fp4_to_fp8(*given, rows_per_scale, allow_inexact=True)
    q, of_row = decoded(*aotgemm.prepack_fp4_weights(*given, rows_per_scale, allow_inexact=True).weights)
    assert inexact.any() and torch.equal(q.view(torch.uint8), wanted.view(torch.uint8))
    assert torch.equal(of_row, sf.repeat_interleave(rows_per_scale, -2)[..., : shape[-2], :])


def test_a_scale_that_is_nan_stays_one():
    codes, scales = packed(2, 8, 128)
    codes[:] = 0x22
    scales[3, 1] = float("nan")
    q, _ = decoded(*aotgemm.prepack_fp4_weights(codes, scales, allow_inexact=True).weights)
    is_nan = torch.zeros(8, 128, dtype=torch.bool)
    is_nan[3, 32:64] = True
    assert torch.equal(q.float().isnan(), is_nan)


def calls():
    g = torch.Generator().manual_seed(0)
    a = aotgemm.per_token_cast_to_fp8(bf16(1, 5, K), False)
    wide = aotgemm.per_token_cast_to_fp8(bf16(2, 384, K), False)
    batch = (wide[0].view(E, 128, K), wide[1].view(E, 128, 2))
    layout, counts = torch.arange(E, dtype=torch.int32).repeat_interleave(128), torch.tensor([5, 0, 128]).int()
    out = [torch.randn(*shape, N, generator=g).bfloat16() for shape in ((5,), (384,), (E, 128))]
    experts = weights_of(5, E, N, K)
    return {
        "fp8_gemm_nt": (a, weights_of(4, N, K), out[0]),
        "m_grouped_fp8_gemm_nt_contiguous": (wide, experts, out[1], layout),
        "m_grouped_fp8_gemm_nt_masked": (batch, experts, out[2], counts, 40),
    }


@pytest.mark.parametrize("name", calls())
def test_calls_with_words_are_traced(name):
    torch._dynamo.reset()
    function, eager, traced = getattr(aotgemm, name), calls()[name], calls()[name]
    function(*eager)
    torch.compile(lambda *given: function(*given), fullgraph=True, backend="aot_eager")(*traced)
    np.testing.assert_array_equal(bits(traced[2]), bits(eager[2]))
    assert not np.array_equal(bits(eager[2]), bits(calls()[name][2]))


@pytest.mark.parametrize("name", calls())
def test_pytorchs_checks_of_calls(name):
    (a, sfa), (b, sfb), *rest = calls()[name]
    operator = getattr(torch.ops.aotgemm, name).default
    done = torch.library.opcheck(operator, (a, sfa, b, sfb, *rest), test_utils=TESTS)
    assert set(done.values()) == {"SUCCESS"} and len(done) == len(TESTS)


def test_prepacking_in_a_graph_gives_its_own_type():
    def call(weights, scales):
        made = aotgemm.prepack_fp4_weights(weights, scales, allow_inexact=True)
        return made.weights.words, made.weights.scales, made.inexact

    given = packed(3, E, N, K)
    found, wanted = torch.compile(call, fullgraph=True, backend="aot_eager")(*given), call(*given)
    for one, other in zip(found, wanted, strict=True):
        assert torch.equal(one, other) and one.stride() == other.stride()
    operator = torch.ops.aotgemm.prepack_fp4_weights.default
    done = torch.library.opcheck(operator, given, {"allow_inexact": True}, test_utils=TESTS)
    assert set(done.values()) == {"SUCCESS"}


def layer(x, pair):
    return aotgemm.torch.fp8_linear(x, *pair)


def experts(x, pair):
    return aotgemm.torch.fp8_grouped_linear(x, *pair, torch.tensor([2, 2, 9], dtype=torch.int32))


LAYERS = pytest.mark.parametrize("function, shape", [(layer, (N, K)), (experts, (E, N, K))], ids=["linear", "grouped"])


@LAYERS
def test_a_layer_multiplies_and_passes_gradients_on_as_with_the_same_weights_in_fp8(function, shape):
    """With a scale for 128 x 128: the words then say what an FP8 layer holds."""
    codes, scales = exact(6, *shape)
    pair = aotgemm.prepack_fp4_weights(codes, scales, 128).weights
    q, sf, _ = aotgemm.requantize_fp4_to_fp8(codes, scales, 128)
    gradient, results = bf16(8, 9, N), []
    for each in (pair, (q, sf)):
        x = bf16(7, 9, K).requires_grad_()
        out = function(x, each)
        out.backward(gradient)
        results.append((out.detach(), x.grad))
    assert all(map(torch.equal, *results)) and results[0][1].any()
    assert torch.equal(dequantized(*pair), dequantized(q, sf))


@LAYERS
def test_a_layer_is_one_graph(function, shape):
    torch._dynamo.reset()
    pair, x = weights_of(6, *shape), bf16(7, 9, K)
    compiled = torch.compile(lambda x: function(x, pair), fullgraph=True, backend="aot_eager")
    assert torch.equal(compiled(x), function(x, pair))


def expert_tensors(seed=20):
    tensors = {}
    for e in range(E):
        for i, (name, rows, columns) in enumerate((("w1", 128, K), ("w3", 128, K), ("w2", K, 128))):
            weight, scales = exact(seed + 10 * e + i, rows, columns)
            tensors[f"experts.{e}.{name}.weight"] = weight
            tensors[f"experts.{e}.{name}.scale"] = scales.view(torch.float8_e8m0fnu)
    return tensors


def test_experts_of_a_checkpoint():
    tensors = expert_tensors()
    state = checkpoint.fp4_experts_weights(tensors, "experts", E, ("w1", "w3", "w2"))
    module = aotgemm.torch.FP8Experts(E, K, 128, elements="fp4")
    module.load_state_dict(state)
    assert module.down_proj_scale_inv.stride() == state["down_proj_scale_inv"].stride()
    x, index = bf16(1, 7, K), torch.tensor([[0, 2], [1, 0], [2, 1], [0, 1], [2, 0], [1, 2], [0, 2]])
    scores = torch.rand(7, 2, generator=torch.Generator().manual_seed(0))
    out = module(x, index, scores)
    assert torch.equal(module(x[3:4], index[3:4], scores[3:4]), out[3:4]) and out.isfinite().all()
    codes, scales = tensors["experts.2.w2.weight"], tensors["experts.2.w2.scale"]
    last = aotgemm.requantize_fp4_to_fp8(codes, scales, 1)[0]
    assert torch.equal(decoded(state["down_proj"], state["down_proj_scale_inv"])[0][2].float(), last.float())


def test_a_linear_layer_of_a_checkpoint():
    weight, scales = exact(9, N, K)
    words, split = checkpoint.fp4_weight({"up.weight": weight.view(torch.uint8), "up.weight_scale": scales}, "up")
    module = aotgemm.torch.FP8Linear(K, N, elements="fp4")
    module.load_state_dict({"weight": words, "weight_scale_inv": split})
    assert torch.equal(module(bf16(1, 3, K)), aotgemm.torch.fp8_linear(bf16(1, 3, K), *weights_of(9, N, K)))


def test_other_checkpoints_are_refused_by_name():
    weight, scales = exact(9, N, K)
    with pytest.raises(aotgemm.DtypeError, match="up.weight: is torch.bfloat16, allowed is torch.int8 or"):
        checkpoint.fp4_weight({"up.weight": bf16(1, N, K), "up.scale": scales}, "up")
    with pytest.raises(aotgemm.ShapeError, match=r"up.scale: shape is \[40, 2\], must be \[40, 8\]"):
        checkpoint.fp4_weight({"up.weight": weight, "up.scale": scales[:, :2]}, "up")
    with pytest.raises(aotgemm.ShapeError, match="K is 144, must be a multiple of 128 in FP4"):
        aotgemm.torch.FP8Linear(144, N, elements="fp4")
    with pytest.raises(aotgemm.DtypeError, match="elements: is 'fp6', allowed is 'fp8' or 'fp4'"):
        aotgemm.torch.FP8Linear(K, N, elements="fp6")


@pytest.mark.parametrize(
    "wrong, message",
    [
        (lambda w, s: (w[:, :16], s), "weight_scale_inv: shape"),
        (lambda w, s: (w, s.float()), "dtype is float32, allowed is int32"),
    ],
)
def test_wrong_words_are_refused_when_a_graph_is_made(wrong, message):
    pair = wrong(*weights_of(9, N, K))
    with pytest.raises(Exception, match=message):
        torch.compile(lambda x: layer(x, pair), fullgraph=True, backend="eager")(bf16(1, 3, K))
