"""Every kernel runs on the machine, from Python through the driver, with the checker on: the CPU backend's bits."""

import pytest
from machine_runner import Task, run_tasks
from machine_selftest import selftest_on_machine

from codegen.matrix import all_specs

SCHEDULES = "in_turn consumers_first producers_first late starve:0 starve:4 starve:8 seeds:"


def check(runs):
    """What ran, by name: how often."""
    times = {}
    for document, launches, findings in runs:
        assert "failed" not in document, document["failed"]
        assert findings == []
        assert document["differing"] == 0 < document["cases"] == document["equal"]
        for launch in launches:
            times[launch["kernel"]] = times.get(launch["kernel"], 0) + 1
    return times


def names_of(arch):
    return {spec.name() for spec in all_specs() if spec.arch == arch}


def test_every_kernel_gives_the_bits_of_the_cpu_backend(machine, ptx, tmp_path):
    assert names_of("sm_90a") <= set(check(selftest_on_machine(machine, ptx, tmp_path)))


@pytest.mark.machine_all
def test_every_gemm_kernel_under_two_hundred_schedules(machine, ptx, tmp_path):
    # Dense kernels of family fp8_gemm_1d2d run 72 problems each, others as few as 6.
    for i, (schedules, patterns) in enumerate(
        [("3", ("sm90_fp8_gemm_1d2d_dense_*",)), ("27", ("sm90_fp8_gemm_1d[12]d_[!d]*", "sm90_bf16_gemm_*"))]
    ):
        folder = tmp_path / str(i)
        folder.mkdir()
        times = check(selftest_on_machine(machine, ptx, folder, SCHEDULES + schedules, patterns))
        assert all(count >= 200 for name, count in times.items() if "_gemm_" in name), times


SM100 = [("transpose_sf", "transpose_sf_fp32", 132, 0, 7), ("cast", "cast_fp8_per_block_fp32", 130, 0, 300)]


@pytest.mark.parametrize(("family", "kernel", "m", "n", "k"), SM100)
def test_conversions_compiled_for_sm_100a(machine, ptx, family, kernel, m, n, k):
    task = Task(family, f"sm100_{kernel}", m, n, k, str(ptx), capability="10.0")
    (outcome,) = run_tasks(machine, [task], 1)
    assert (outcome.error, outcome.findings, outcome.differing) == ("", [], 0)
    assert [launch["kernel"] for launch in outcome.launches] == [f"sm100_{kernel}"]
