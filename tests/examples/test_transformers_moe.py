"""examples/transformers_moe.py, and the functions that transformers' FP8 layers call."""

import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest
import torch
from aotgemm.torch import transformers as integration
from layer_weights import bf16, blocks, relative_error, stacked

transformers = pytest.importorskip("transformers")
EXAMPLE = Path(__file__).parents[2] / "examples" / "transformers_moe.py"
BLOCK = [128, 128]


def test_the_example_runs_without_a_network():
    environment = os.environ | {"HF_HUB_OFFLINE": "1", "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
    done = subprocess.run([sys.executable, EXAMPLE], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines() == [
        "layers: FP8Experts, FP8Linear",
        "generated 5 tokens",
        "logits alone and in a batch of 8: equal",
    ]


def test_weights_of_a_file_in_memory_start_at_multiples_of_8_bytes():
    memory = torch.zeros(256 * 128 + 32, dtype=torch.uint8)
    start = (8 - memory.data_ptr()) % 16
    weight = memory[start : start + 256 * 128].view(torch.float8_e4m3fn).view(256, 128)
    weight.copy_(torch.randn(256, 128))
    assert weight.data_ptr() % 16 == 8
    x, scales = torch.randn(5, 128).bfloat16(), torch.ones(2, 1)
    wanted = integration.matmul(x, weight.clone(), scales, BLOCK)
    assert torch.equal(integration.matmul(x, weight, scales, BLOCK), wanted)


@pytest.fixture
def enabled():
    integration.enable()
    integration.enable()
    yield
    integration.disable()
    integration.disable()


def test_what_was_there_comes_back():
    from transformers.integrations import finegrained_fp8
    from transformers.quantizers.quantizer_finegrained_fp8 import FineGrainedFP8HfQuantizer

    before = finegrained_fp8._FINEGRAINED_FP8, FineGrainedFP8HfQuantizer.validate_environment
    integration.enable()
    assert finegrained_fp8._FINEGRAINED_FP8.matmul is integration.matmul
    integration.disable()
    assert (finegrained_fp8._FINEGRAINED_FP8, FineGrainedFP8HfQuantizer.validate_environment) == before


def test_another_version_is_refused_by_name(monkeypatch):
    monkeypatch.setattr(integration, "KERNELS", "SomethingElse")
    with pytest.raises(aotgemm.Error, match=r"^transformers: \S+ has no transformers\S+\.SomethingElse; 5.24 has"):
        integration.enable()
    assert integration._before == {}


def test_a_linear_layer_and_the_gradient_of_an_adapter(enabled):
    from transformers.integrations.finegrained_fp8 import FP8Linear

    layer, (weight, scales) = FP8Linear(272, 200, block_size=BLOCK), blocks(2, 200, 272)
    layer.weight.data, layer.weight_scale_inv.data = weight, scales
    x = bf16(1, 7, 272).requires_grad_()
    out = layer(x)
    assert torch.equal(out, aotgemm.torch.fp8_linear(x.detach(), weight, scales))
    out.backward(bf16(3, 7, 200))
    exact = bf16(3, 7, 200).double() @ aotgemm.torch.linear.dequantized(weight, scales).double()
    assert relative_error(x.grad, exact) < 1e-2


def test_rows_sorted_and_in_any_order_have_the_same_bits():
    weights, x = stacked(10, 4, 144, 272), bf16(1, 11, 272)
    ids = torch.tensor([3, 0, 4, 2, 0, 4, 1, 3, 3, 0, 2])  # 4: no expert of this rank
    any_order = integration.batched_matmul(x, *weights, block_size=BLOCK, expert_ids=ids)
    order = torch.sort(ids, stable=True).indices
    counts = torch.bincount(ids, minlength=5)[:4]
    offsets = counts.cumsum(0, dtype=torch.int32)
    in_order = integration.grouped_matmul(
        x[order], *weights, offsets=offsets, tokens_per_expert=counts, block_size=BLOCK
    )
    assert torch.equal(any_order[order], in_order) and not any_order[ids == 4].any()
    alone = aotgemm.torch.fp8_linear(x[6:7], weights[0][1], weights[1][1])
    assert torch.equal(any_order[6:7], alone)


def test_scales_of_other_types_and_other_results():
    weight, scales = aotgemm.per_block_cast_to_fp8(bf16(2, 200, 272), use_ue8m0=True)
    x = bf16(1, 7, 272)
    expected = aotgemm.torch.fp8_linear(x, weight, scales)
    assert torch.equal(integration.matmul(x, weight, scales.to(torch.float8_e8m0fnu), BLOCK), expected)
    wide = integration.matmul(x, weight, scales, BLOCK, torch.float32)
    assert wide.dtype == torch.float32 and torch.equal(wide, expected.float())


@pytest.mark.parametrize(
    "change, kind, message",
    [
        ({"block_size": None}, aotgemm.ShapeError, "^block_size: is None"),
        ({"block_size": [32, 32]}, aotgemm.ShapeError, r"^block_size: is \[32, 32\], allowed is \[128, 128\]"),
        ({"activation_scale": torch.ones(())}, aotgemm.DtypeError, "^activation_scale: is given"),
        ({"x": bf16(1, 7, 272).half()}, aotgemm.DtypeError, "^x: dtype is torch.float16"),
    ],
    ids=str,
)
def test_layers_of_another_kind_are_refused(change, kind, message):
    weight, scales = blocks(2, 200, 272)
    given = {"x": bf16(1, 7, 272), "weight": weight, "scales": scales, "block_size": BLOCK} | change
    with pytest.raises(kind, match=message):
        integration.matmul(**given)
