"""Public functions with arguments of any kind: they do what they say, or raise an error of ours in one line."""

import inspect
import sys
import warnings

import aotgemm
import ml_dtypes
import numpy as np
import pytest
import torch

BF16, FP8 = ml_dtypes.bfloat16, ml_dtypes.float8_e4m3fn
ARITHMETIC = {"ceil_div", "align"}  # on whatever Python divides
PYTORCHS = {f"cublaslt_gemm_{layout}" for layout in ("nt", "nn", "tn", "tt")}  # raise what PyTorch raises
FUNCTIONS = {
    name: getattr(aotgemm, name)
    for name in aotgemm.__all__
    if inspect.isfunction(getattr(aotgemm, name)) and name not in ARITHMETIC | PYTORCHS
}


def freed():
    """A tensor of bytes whose memory is gone."""
    tensor = torch.zeros(8, 4, dtype=torch.uint8)
    tensor.untyped_storage().resize_(0)
    return tensor


def values():
    """New ones for each call, which may write them."""
    arrays = [
        np.zeros((4, 128), FP8),
        np.zeros((4, 1), np.float32),
        np.zeros((4, 16), BF16),
        np.zeros((2, 4, 16), BF16),
    ]
    arrays += [np.zeros(4, np.int32), np.zeros(()), np.zeros((4, 128)), np.array("x"), np.array([None])]
    arrays += [torch.zeros(4, 16, dtype=torch.bfloat16), torch.zeros(4, 1), torch.zeros(2, 4, 16, device="meta")]
    arrays += [np.asmatrix(np.zeros((8, 64), np.int8)), np.asmatrix(np.ones((8, 4), np.float32)), freed()]
    pairs = [(np.zeros((rows, 128), FP8), np.zeros((scales, 1), np.float32)) for rows, scales in ((4, 4), (8, 1))]
    numbers = [None, True, -1, 0, 1, 128, 2**31, 2**63, 10**30, 10**5000, 0.5, float("nan"), 1j]
    words = ["", "nt", "bhr,hdr->bhd", "bmk,bnk->mn", "sm_90a", "bf16_gemm\0", "\ud800", b"x"]
    others = [(), (1, 2), (1, 128, 128), (1, 1, 128), [1, "x"], {}, object(), int, (None, None), ("a", "b"), lambda: 1]
    return [*arrays, *pairs, *numbers, *words, *others]


def random_arguments(rng, function):
    parameters = inspect.signature(function).parameters.values()
    places = [one for one in parameters if one.kind is one.POSITIONAL_OR_KEYWORD]
    required = sum(one.default is one.empty for one in places)
    pool = values()
    count = int(rng.integers(required, len(places) + 1))
    named = [one.name for one in parameters if one.kind is one.KEYWORD_ONLY and rng.integers(2)]
    arguments = [pool[rng.integers(len(pool))] for _ in range(count + len(named))]
    return arguments[:count], dict(zip(named, arguments[count:], strict=True))


def restore():
    aotgemm.unload_plan()
    aotgemm.set_cpu_arch("sm_90a")
    aotgemm.set_num_sms(0)
    aotgemm.set_compile_mode(0)
    aotgemm.set_pdl(False)
    aotgemm.set_tc_util(100)
    aotgemm.set_block_size_multiple_of(1)
    aotgemm.set_ignore_compile_dims(False)
    aotgemm.set_mk_alignment_for_contiguous_layout(128)
    aotgemm.set_verbose(None)
    aotgemm.set_nvtx(None)
    for name in [name for name in sys.modules if name.partition(".")[0] == "deep_gemm"]:
        del sys.modules[name]


@pytest.fixture(autouse=True)
def somewhere_else(tmp_path, monkeypatch):
    """A word may be the name of a file to write."""
    monkeypatch.chdir(tmp_path)


@pytest.fixture(autouse=True)
def no_warnings():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


@pytest.mark.parametrize("name", FUNCTIONS)
def test_arguments_of_any_kind(name, rounds):
    for rng in rounds(60):
        arguments, named = random_arguments(rng, FUNCTIONS[name])
        try:
            FUNCTIONS[name](*arguments, **named)
        except aotgemm.Error as error:
            assert "\n" not in str(error), (str(error), arguments, named)
        finally:
            restore()
