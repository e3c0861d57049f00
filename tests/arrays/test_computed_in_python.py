"""Tensors with which PyTorch or NumPy compute before the library sees them: bytes of scales, ends of groups."""

import aotgemm
import numpy as np
import pytest
import torch
from test_tensors_without_memory import WAYS, refusal

WEIGHTS = torch.ones(16, 64, dtype=torch.int8)
BYTES = torch.full((16, 4), 127, dtype=torch.uint8)
WORDS = BYTES.view(torch.int32)
ENDS, OF_ALL_K = torch.tensor([16, 256], dtype=torch.int32), torch.ones(256, 16, dtype=torch.bfloat16)


def k_grouped(ends):
    d = torch.zeros(2, 16, 16)
    aotgemm.k_grouped_bf16_gemm_tn_contiguous(OF_ALL_K, OF_ALL_K, d, None, ends, use_psum_layout=True)


CALLS = {
    "requantize_fp4_to_fp8, bytes": (BYTES, lambda sf: aotgemm.requantize_fp4_to_fp8(WEIGHTS, sf)),
    "requantize_fp4_to_fp8, float8_e8m0fnu": (
        BYTES.view(torch.float8_e8m0fnu),
        lambda sf: aotgemm.requantize_fp4_to_fp8(WEIGHTS, sf),
    ),
    "prepack_fp4_weights, bytes": (BYTES, lambda sf: aotgemm.prepack_fp4_weights(WEIGHTS, sf)),
    "prepack_fp4_weights, words": (WORDS, lambda sf: aotgemm.prepack_fp4_weights(WEIGHTS, sf)),
    "prepack_fp4_weights, weights": (WEIGHTS, lambda weights: aotgemm.prepack_fp4_weights(weights, WORDS)),
    "unpack_ue8m0_from_int": (WORDS, aotgemm.unpack_ue8m0_from_int),
    "k_grouped_bf16_gemm_tn_contiguous": (ENDS, k_grouped),
}


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", CALLS)
@pytest.mark.parametrize("way", WAYS)
def test_without_memory(name, way):
    whole, call = CALLS[name]
    call(whole.clone())
    try:
        given = WAYS[way][0](whole.clone())
    except (RuntimeError, TypeError):  # PyTorch makes none of that type
        assert way not in ("freed", "meta", "fake")
        return
    refusal(lambda: call(given))


def test_what_is_hidden_behind_a_mask_is_not_read():
    for name, (whole, call) in CALLS.items():
        if whole.dtype != torch.float8_e8m0fnu:
            assert "masked" in refusal(lambda call=call, x=np.ma.array(whole.numpy()): call(x))[1].lower(), name


def test_a_matrix_is_an_array():
    """NumPy's multiplies matrices where arrays go element by element."""
    rng = np.random.default_rng(0)
    weights, scales = rng.integers(-128, 128, (8, 64), dtype=np.int8), np.exp2(rng.integers(-3, 3, (8, 4)))
    scales = scales.astype(np.float32)
    wanted = aotgemm.prepack_fp4_weights(weights, scales).weights
    got = aotgemm.prepack_fp4_weights(np.asmatrix(weights), np.asmatrix(scales)).weights
    for one, other in zip(got, wanted, strict=True):
        np.testing.assert_array_equal(one, other)


PACK = aotgemm.get_k_grouped_mn_major_tma_aligned_packed_ue8m0_tensor
SCALES, K_OF_GROUPS = torch.ones(2, 16), torch.tensor([128, 128], dtype=torch.int32)


@pytest.mark.parametrize(
    "arguments, sentence",
    [
        (("ab", 128, 32), "ks_cpu: is a str, allowed is an int"),
        ((128, 128, 32), "ks_cpu: is a int, allowed is a list of ints"),
        (([128.0, 128], 128, 32), "ks_cpu: is a float, allowed is an int"),
        (([128, 128], None, 32), "gran_k: is a NoneType, allowed is an int"),
        (([128, 128], 128, None), "k_alignment: is a NoneType, allowed is an int"),
        (([128, 128], 128, 2**40), "k_alignment: is 1099511627776, allowed is 1 to 2147483135"),
    ],
)
def test_numbers_of_groups_of_k(arguments, sentence):
    assert refusal(lambda: PACK(SCALES, K_OF_GROUPS, *arguments))[1] == sentence
