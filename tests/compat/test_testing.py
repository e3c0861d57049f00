"""deep_gemm.testing: comparisons, decorators, and times from a profile."""

import os

import pytest
import torch
from aotgemm.compat import numeric
from aotgemm.compat.bench import LEAST_SECONDS, seconds_of


def test_calc_diff(deep_gemm):
    calc_diff, x = deep_gemm.testing.calc_diff, torch.tensor([1.0, -2.0, 3.0])
    assert calc_diff(x, x) == 0 and calc_diff(x * 0, x * 0) == 0 and calc_diff(x, -x) == 2
    assert calc_diff(x, 2 * x) == pytest.approx(1 - 2 * 28 / 70)
    assert calc_diff(x.bfloat16(), x) == 0


def test_calc_diff_in_parts(deep_gemm, monkeypatch):
    x, y = torch.tensor([[1.0, -2.0, 3.0], [4.0, 0.0, 5.0]]), torch.tensor([[2.0, -2.0, 1.0], [0.0, 7.0, 5.0]])
    whole = deep_gemm.testing.calc_diff(x, y)
    assert whole == pytest.approx(1 - 2 * (2 + 4 + 3 + 25) / (55 + 83))
    monkeypatch.setattr(numeric, "ELEMENTS", 4)
    assert deep_gemm.testing.calc_diff(x, y) == whole
    assert deep_gemm.testing.calc_diff(x.T, y.T) == whole


def test_count_bytes(deep_gemm):
    x = torch.empty(3, 5, dtype=torch.bfloat16)
    assert deep_gemm.testing.count_bytes(x, None, (x, [x.view(torch.uint8)]), torch.empty(2)) == 30 * 3 + 8


def test_bits_are_compared(deep_gemm):
    equal = deep_gemm.testing.assert_bitwise_equal
    x = torch.tensor([[0.0, float("nan")], [1.0, 2.0]])
    equal(x, x.clone())
    y = x.clone()
    y[1, 0] = 3
    with pytest.raises(AssertionError, match=r"^logits: 1 of 4 elements differ, first \[1, 0\]: \[1.0, 3.0\]"):
        equal(x, y, "logits")
    with pytest.raises(AssertionError, match=r"first \[0, 0\]"):
        equal(x, torch.where(x == 0, -x, x))
    with pytest.raises(AssertionError):
        equal(x, x.view(4))


def test_decorators(deep_gemm, monkeypatch, capsys):
    monkeypatch.setenv("AOTGEMM_TEST_VARIABLE", "1")
    testing, seen = deep_gemm.testing, []

    def see():
        seen.append(os.environ.get("AOTGEMM_TEST_VARIABLE"))

    testing.test_filter(lambda: False)(see)()
    assert seen == [] and capsys.readouterr().out.startswith("see: does not run here")
    testing.test_filter(lambda: True)(see)()
    testing.ignore_env("AOTGEMM_TEST_VARIABLE", lambda: True)(see)()
    testing.ignore_env("AOTGEMM_TEST_VARIABLE", lambda: False)(see)()
    assert seen == ["1", None, "1"] and os.environ["AOTGEMM_TEST_VARIABLE"] == "1"


PROFILE = {"sm90_dense": 3e-6, "nvjet_tst": 5e-6, "splitKreduce_kernel": 1e-6, "Memset (Device)": 9e-6}


@pytest.mark.parametrize(
    "names, expected",
    [
        (("gemm_",), (3e-6,)),  # no kernel bears it: ours
        (("nvjet", "reduce"), (5e-6, 1e-6)),
        (("nvjet", "gemv"), (5e-6, LEAST_SECONDS)),
    ],
)
def test_times_are_those_of_the_named_kernels(names, expected):
    assert seconds_of(names, PROFILE, frozenset({"sm90_dense"})) == expected


def test_other_profilers_exclude_ours(deep_gemm, monkeypatch):
    monkeypatch.setenv("DG_USE_NVIDIA_TOOLS", "1")
    assert deep_gemm.testing.bench_kineto(None, "gemm_") == 1
    assert deep_gemm.testing.bench_kineto(None, ("nvjet", "reduce")) == (1, 1)
