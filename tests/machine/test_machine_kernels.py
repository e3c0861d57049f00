"""Every kernel runs on the machine, from Python through the driver, with the checker on: the CPU backend's bits."""

from fnmatch import fnmatchcase

import pytest
from aotgemm.problems.operations import OPERATIONS
from machine_selftest import selftest_on_machine

from codegen.families import mnemonic_of
from codegen.matrix import all_specs, gemm_specs

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


GEMMS = {spec.name() for spec in gemm_specs() if spec.arch == "sm_90a"}
# Kernels with fewer problems run each under more schedules, so that each comes to 200 and more.
SEEDS = [
    (3, "sm90_*_gemm*_dense_*"),
    (6, "sm90_*_gemm*_contiguous_*"),
    (6, "sm90_*_gemm*_psum_*"),
    (6, "sm90_*_gemm*_masked_*"),
    (18, "sm90_*_gemm*_batched_*"),
    (27, "sm90_*_gemm*_batch_reduced_*"),
    (27, "sm90_*_gemm*_k_grouped_*"),
]


@pytest.mark.machine_all
@pytest.mark.parametrize(("seeds", "pattern"), SEEDS)
def test_every_gemm_kernel_under_two_hundred_schedules(machine, ptx, tmp_path, seeds, pattern):
    times = check(selftest_on_machine(machine, ptx, tmp_path, f"{SCHEDULES}{seeds}", (pattern,)))
    gemms = GEMMS & set(times)
    assert gemms == {name for name in GEMMS if fnmatchcase(name, pattern)}
    assert min(times[name] for name in gemms) >= 200, times


def test_every_gemm_kernel_is_among_those_of_the_schedules():
    for name in names_of("sm_90a"):
        assert (name in GEMMS) == (sum(fnmatchcase(name, pattern) for _, pattern in SEEDS) == 1), name


def test_conversions_compiled_for_sm_100a(machine, ptx, tmp_path):
    """In the place of those for sm_90a: casts, the layout of scales, sums over ranges of batches."""
    mixed = tmp_path / "ptx"
    mixed.mkdir()
    specs = [spec for spec in all_specs() if spec.arch == "sm_100a" and mnemonic_of(spec) is None]
    conversions, families = {spec.name() for spec in specs}, {spec.family for spec in specs}
    operations = [name for name, operation in OPERATIONS.items() if families.issuperset(operation.families)]
    replaced = {name.replace("sm100_", "sm90_") for name in conversions}
    for file in ptx.glob("sm90_*.ptx"):
        if file.stem not in replaced:
            (mixed / file.name).symlink_to(file)
    for name in conversions:
        text = (ptx / f"{name}.ptx").read_text()
        assert ".target sm_100a" in text
        other = name.replace("sm100_", "sm90_")
        (mixed / f"{other}.ptx").write_text(text.replace(name, other))
    patterns = ("sm90_bf16_gemm_batch_reduced_*_64x64x128_*",)  # whose partial sums ordered_sum adds
    ran = check(selftest_on_machine(machine, mixed, tmp_path, patterns=patterns, operations=operations))
    assert replaced <= set(ran)
