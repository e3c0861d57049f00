"""The self-tests of sums over batches, K groups and heads, on host memory instead of a GPU's, find what is wrong."""

import pytest
from aotgemm.selftest import gpu_1d1d, gpu_batch_reduced, gpu_fp8_k_grouped, gpu_heads
from aotgemm.selftest.shapes import SMALL_BATCHES, SMALL_HEADS, SMALL_K_GROUPS
from aotgemm.selftest.tally import Tallies
from test_selftest_grouped import HostArray

KERNELS = [{"kernel": 0, "name": "a kernel"}]
PARTS = pytest.mark.parametrize(
    "module, shapes",
    [(gpu_batch_reduced, SMALL_BATCHES), (gpu_fp8_k_grouped, SMALL_K_GROUPS), (gpu_heads, SMALL_HEADS)],
    ids=["batches", "K groups", "heads"],
)


@pytest.fixture(autouse=True)
def host_memory(monkeypatch):
    for module in (gpu_1d1d, gpu_batch_reduced, gpu_fp8_k_grouped, gpu_heads):
        monkeypatch.setattr(module, "from_numpy", HostArray.of)
        monkeypatch.setattr(module, "DeviceArray", HostArray)


@PARTS
def test_right_results_pass(module, shapes):
    tallies, steps = Tallies("", len(KERNELS)), []
    module.run_gemms(shapes, KERNELS, tallies, 0, steps.append)
    assert len(steps) == tallies.cases == module.count_cases(shapes, KERNELS)
    assert tallies.failures == []
    assert len(tallies.by_name) == 2  # the kernel, and the library's choice


@PARTS
@pytest.mark.parametrize("kernel", [0, -1])
def test_a_wrong_bit_shows_in_every_case(module, shapes, kernel):
    for _, run in module._runs(shapes, 0):
        run.frame.inside(run.wanted)[-1, -1] ^= 1
        assert run.problem_of(kernel).startswith(f"1 of {run.frame.m * run.frame.n} outputs differ")


@PARTS
def test_a_write_beside_the_output_shows(module, shapes):
    _, run = next(module._runs(shapes, 0))
    run.wanted[0] ^= 1
    assert run.problem_of(0) == "1 elements around D were written"
