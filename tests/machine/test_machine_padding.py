"""Grouped kernels on the machine: groups of every size, padding in every place, groups that start anywhere."""

import pytest
from padding_problems import run_padding_problems

PATTERNS = ("sm90_fp8_gemm_1d2d_*", "sm90_bf16_gemm_*")


def check(problems, findings):
    assert findings == ""
    assert [problem for problem in problems if problem["differing"]] == []


@pytest.mark.parametrize("pattern", PATTERNS)
def test_d_is_that_of_the_cpu_backend(machine, ptx, tmp_path, pattern):
    check(*run_padding_problems(machine, ptx, tmp_path, pattern, seed=0, most=1))


@pytest.mark.machine_all
@pytest.mark.parametrize("seed", range(3))
@pytest.mark.parametrize("pattern", PATTERNS)
def test_many_problems_under_many_schedules(machine, ptx, tmp_path, pattern, seed):
    schedules = "in_turn consumers_first producers_first late starve:0 starve:4 starve:8 seeds:2"
    check(*run_padding_problems(machine, ptx, tmp_path, pattern, seed, schedules=schedules))
