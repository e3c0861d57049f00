"""k_grouped_fp8_gemm_nt_contiguous by every kernel of fp8_gemm_1d1d it can run, on the GPU against the CPU backend."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from .. import _core
from ..arrays.device_array import from_numpy
from ..ops.fp8_k_grouped import k_grouped_fp8_gemm_nt_contiguous
from .framed_output import contiguous_frame
from .gpu_1d1d import mn_major
from .gpu_gemm import FEW_SMS, run_cases
from .operands import add_special_values, make_finite_operands
from .shapes import KGroupShapes
from .tally import Tallies

DeviceArray = _core.DeviceArray
CALL = "k_grouped_fp8_gemm_nt_contiguous"
BY_SELECTION = f"kernels chosen by {CALL}"
SMS = (0, FEW_SMS)  # without C and with it


def _group(random: np.random.Generator, m: int, n: int, k: int) -> tuple[np.ndarray, ...]:
    a, sfa = make_finite_operands(random, m, 0, k)[:2]
    b, sfb = make_finite_operands(random, n, 0, k)[:2]
    if k:
        add_special_values(a, sfa, b, sfb)
    return a.reshape(-1), sfa, b.reshape(-1), sfb


class KGroupRun:
    """One problem for any kernel. C, where there is one, is D itself."""

    def __init__(self, random: np.random.Generator, ks: Sequence[int], m: int, n: int, with_c: bool) -> None:
        groups = [_group(random, m, n, k) for k in ks]
        flat_a, rows_of_sfa, flat_b, rows_of_sfb = zip(*groups, strict=True)
        a, b = np.concatenate(flat_a), np.concatenate(flat_b)
        sfa, sfb = np.concatenate(rows_of_sfa, 1), np.concatenate(rows_of_sfb, 1)
        c = (random.standard_normal((len(ks), m, n)) * 1e3).astype(np.float32)
        wanted, self.ks, host_ks = c.copy(), list(ks), np.array(ks, np.int32)
        getattr(_core, CALL)(a, sfa, b, sfb, wanted if with_c else None, wanted, self.ks, host_ks)
        self.frame = frame = contiguous_frame(len(ks) * m, n, np.uint32)
        self.wanted = frame.around(wanted.reshape(-1, n).view(np.uint32))
        self.before = frame.around(c.reshape(-1, n).view(np.uint32)) if with_c else frame.poisoned()
        self.memory = DeviceArray.empty([frame.size], "float32")
        self.d = self.memory.as_strided([len(ks), m, n], [m * n, n, 1], frame.offset)
        self.c = self.d if with_c else None
        self.a, self.b, self.ks_tensor = from_numpy(a), from_numpy(b), from_numpy(host_ks)
        self.sfa, self.sfb = mn_major(sfa, 0), mn_major(sfb, 0)
        self.plain = from_numpy(sfa), from_numpy(sfb)

    def problem_of(self, kernel: int) -> str:
        """What is wrong with a kernel's output (-1: the public call with row-major scales)."""
        self.memory.copy_from(self.before.view(np.uint8))
        if kernel < 0:
            pairs = (self.a, self.plain[0]), (self.b, self.plain[1])
            k_grouped_fp8_gemm_nt_contiguous(*pairs, self.d, self.ks, self.ks_tensor, self.c)
        else:
            operands = self.a, self.sfa, self.b, self.sfb, self.c, self.d
            getattr(_core, CALL)(*operands, self.ks, self.ks_tensor, kernel=kernel)
        got = np.empty_like(self.before)
        self.memory.copy_to(got.view(np.uint8))
        return self.frame.describe_difference(got, self.wanted)


def _names(kernels: list[dict[str, Any]]) -> dict[int, str]:
    return {spec["kernel"]: f"{spec['name']}, k_grouped" for spec in kernels} | {-1: BY_SELECTION}


def count_cases(shapes: KGroupShapes, kernels: list[dict[str, Any]]) -> int:
    return len(list(shapes.cases())) * len(SMS) * len(_names(kernels))


def _runs(shapes: KGroupShapes, seed: int) -> Iterator[tuple[str, KGroupRun]]:
    """Every problem without and with C; the number of SMs is set while it is out."""
    random = np.random.default_rng(seed)
    for ks, m, n in shapes.cases():
        for num_sms in SMS:
            _core.set_num_sms(num_sms)
            case = f"M={m} N={n} K={list(ks)}{' with C' * bool(num_sms)}"
            yield case, KGroupRun(random, ks, m, n, bool(num_sms))


def run_gemms(
    shapes: KGroupShapes, kernels: list[dict[str, Any]], tallies: Tallies, seed: int, step: Callable[[str], None]
) -> None:
    """Every kernel over every problem; `step` is called with a kernel's name before each case."""
    run_cases(_runs(shapes, seed), _names(kernels), tallies, step)
