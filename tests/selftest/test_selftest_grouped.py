"""The grouped self-test, run on host memory instead of a GPU's: it passes on right results and finds wrong ones."""

import numpy as np
import pytest
from aotgemm import _core
from aotgemm.selftest import gpu_1d1d, gpu_gemm, gpu_grouped, large_grouped
from aotgemm.selftest.framed_output import POISON
from aotgemm.selftest.grouped_operands import computed_by_cpu_backend, make_grouped_operands, place_groups
from aotgemm.selftest.grouped_shapes import FULL_GROUPED, GROUPINGS, GroupedShapes
from aotgemm.selftest.shapes import Shapes
from aotgemm.selftest.tally import Tallies

TINY = GroupedShapes(((0, 0), (3, 0, 130)), ((2, 5),), (48,), (144,))
KERNELS = [{"kernel": 0, "name": f"kernel for {grouping}", "grouping": grouping} for grouping in GROUPINGS]
LARGE_SIZES = {"GROUPS": 3, "ROOM": 256, "N": 128, "K": 144, "ROWS": 768, "K_BLOCKS": 2, "SAMPLED_GROUPS": (0, 2)}


class HostArray(np.ndarray):
    """NumPy memory with the methods of DeviceArray."""

    @classmethod
    def of(cls, array):
        return np.ascontiguousarray(array).view(cls)

    @classmethod
    def empty(cls, shape, dtype):
        return cls.of(np.zeros(shape, np.dtype(getattr(gpu_types, dtype))))

    def as_strided(self, shape, stride, offset=0):
        strides = [step * self.itemsize for step in stride]
        return np.lib.stride_tricks.as_strided(self.reshape(-1)[offset:], shape, strides, subok=True)

    def fill_bytes(self, byte):
        self.reshape(-1).view(np.uint8)[:] = byte

    def copy_from(self, buffer):
        self.reshape(-1).view(np.uint8)[:] = buffer

    def copy_to(self, buffer):
        buffer[:] = self.reshape(-1).view(np.uint8)


class gpu_types:
    from ml_dtypes import bfloat16, float8_e4m3fn
    from numpy import float32


@pytest.fixture(autouse=True)
def host_memory(monkeypatch):
    for module in (gpu_1d1d, gpu_gemm, gpu_grouped, large_grouped):
        monkeypatch.setattr(module, "from_numpy", HostArray.of)
        monkeypatch.setattr(module, "DeviceArray", HostArray)
    monkeypatch.setattr(large_grouped, "to_numpy", np.asarray)


def run_tiny():
    tallies, steps = Tallies("", len(KERNELS)), []
    gpu_grouped.run_gemms(TINY, KERNELS, tallies, 0, steps.append)
    assert len(steps) == tallies.cases == gpu_grouped.count_cases(TINY, KERNELS)
    return tallies


def test_right_kernels_pass():
    tallies = run_tiny()
    assert tallies.cases == (3 * 2 + 1) * 2 * 2  # cases; layouts; a kernel and the library's choice
    assert tallies.failures == []
    assert _core.get_num_sms() == 0


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_a_wrong_output_is_found(grouping, monkeypatch):
    right = gpu_grouped.call_core

    def wrong(called, operands, index, kernel):
        right(called, operands, index, kernel)
        d = operands[-1]
        if called == grouping and d.size:
            d.view(np.uint16)[(0,) * d.ndim] = 0x1234

    monkeypatch.setattr(gpu_grouped, "call_core", wrong)
    tallies = run_tiny()
    assert {tally.name for tally in tallies.by_name.values() if tally.differing} == {f"kernel for {grouping}"}
    assert all("1 of" in failure and "0x1234" in failure for failure in tallies.failures)


def test_no_kernels_are_no_cases():
    tallies = Tallies("", 0)
    gpu_grouped.run_gemms(TINY, [], tallies, 0, pytest.fail)
    large_grouped.run_gemms([], tallies, 0, pytest.fail)
    assert (tallies.cases, gpu_grouped.count_cases(TINY, []), large_grouped.count_cases([])) == (0, 0, 0)


@pytest.fixture
def small_large_problem(monkeypatch):
    for name, value in LARGE_SIZES.items():
        monkeypatch.setattr(large_grouped, name, value)
    monkeypatch.setattr(large_grouped, "COUNTS", 256 - np.arange(3, dtype=np.int32))


def test_large_problems_pass(small_large_problem):
    tallies = Tallies("", len(KERNELS))
    large_grouped.run_gemms(KERNELS, tallies, 0, lambda name: None)
    assert tallies.failures == []
    assert tallies.cases == large_grouped.count_cases(KERNELS) == 2 * len(GROUPINGS)


def test_a_row_written_beyond_its_group_is_found_in_a_large_problem(small_large_problem, monkeypatch):
    right = large_grouped.call_core

    def wrong(grouping, operands, index, kernel):
        right(grouping, operands, index, kernel)
        operands[-1].reshape(-1)[-1] = 0  # the last row is padding unless batched

    monkeypatch.setattr(large_grouped, "call_core", wrong)
    tallies = Tallies("", len(KERNELS))
    large_grouped.run_gemms(KERNELS, tallies, 0, lambda name: None)
    assert tallies.differing == tallies.cases


def test_large_problems_are_beyond_32_bits():
    sizes = large_grouped
    for elements in (sizes.ROWS * sizes.K, sizes.GROUPS * sizes.N * sizes.K, sizes.ROWS * sizes.N):
        assert elements > 2**31
    assert sizes.COUNTS.min() > sizes.ROOM - 128  # else the next group would not start where psum puts it


@pytest.mark.parametrize("grouping", GROUPINGS)
def test_rows_of_no_group_stay_poisoned_in_what_is_wanted(grouping):
    counts = (2, 2) if grouping == "batched" else (1, 0, 129)
    operands = make_grouped_operands(
        np.random.default_rng(0), grouping, counts, 48, 144, computed_by_cpu_backend, special=True
    )
    live = operands.placement.group_of_row >= 0
    assert live.sum() == sum(counts)
    assert (operands.wanted[~live] == POISON).all() and (operands.wanted[live] != POISON).any(axis=1).all()
    assert np.isnan(operands.sfa[~live]).all()


ALIKE_SCALED = [{"kernel": 0, "name": f"kernel to {out}", "out_dtype": out} for out in ("bf16", "fp32")]
FEW = Shapes((5, 66), (48,), (16, 144))


def test_kernels_of_1d1d_pass():
    tallies = Tallies("", 2)
    gpu_1d1d.run_gemms(FEW, ALIKE_SCALED, tallies, 0, lambda name: None)
    assert tallies.failures == []
    assert tallies.cases == gpu_1d1d.count_cases(FEW, ALIKE_SCALED) == 2 * 2 * 2 * 4


def test_a_kernel_of_1d1d_that_forgets_c_is_found(monkeypatch):
    class Forgetful:
        def __getattr__(self, name):
            return getattr(_core, name)

        @staticmethod
        def fp8_gemm_nt_1d1d(a, sfa, b, sfb, c, d, kernel=None):
            _core.fp8_gemm_nt_1d1d(a, sfa, b, sfb, c if kernel is None else None, d)

    monkeypatch.setattr(gpu_1d1d, "_core", Forgetful())
    tallies = Tallies("", 2)
    gpu_1d1d.run_gemms(FEW, ALIKE_SCALED, tallies, 0, lambda name: None)
    wrong = {tally.name: tally.differing for tally in tallies.by_name.values() if tally.differing}
    assert wrong == {"kernel to bf16": 4, "kernel to fp32": 4}  # the strided half of the cases


def test_places_of_groups():
    assert place_groups("psum", (3, 0, 130)).index.tolist() == [3, 128, 258]
    assert place_groups("contiguous", (0, 0)).index.tolist() == [-1] * 128
    assert place_groups("masked", (3, 0)).index.tolist() == [3, 0]
    assert place_groups("batched", (3, 3)).index is None


def test_full_shapes_have_empty_groups_and_reach_the_edges_of_tiles():
    counts = {count for case in FULL_GROUPED.counts for count in case}
    assert {0, 1, 63, 64, 65, 127, 128, 129} <= counts
    assert any(max(case) == 0 for case in FULL_GROUPED.counts)
