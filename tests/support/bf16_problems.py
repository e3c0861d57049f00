"""BF16 problems on NumPy arrays, and what they must give."""

from dataclasses import dataclass

import aotgemm
import ml_dtypes
import numpy as np
import reference
from aotgemm.problems.memory import in_tma_rows
from emulation_inputs import moderate_bits, random_bits, sparse_bits, wgmma_bits

BF16 = ml_dtypes.bfloat16
OUT = {"bf16": BF16, "fp32": np.float32}
RAW = {"bf16": np.uint16, "fp32": np.uint32}
CALLS = {
    "nt": aotgemm.bf16_gemm_nt,
    "nn": aotgemm.bf16_gemm_nn,
    "tn": aotgemm.bf16_gemm_tn,
    "tt": aotgemm.bf16_gemm_tt,
}
DRAWS = {"random": random_bits, "moderate": moderate_bits, "sparse": sparse_bits}


def rounded(values: np.ndarray, out: str) -> np.ndarray:
    """Bits of FP32 values in the output's type; any NaN is the all-ones NaN, as on a GPU."""
    bits = values.astype(OUT[out]).view(RAW[out])
    return np.where(np.isnan(values), RAW[out](0x7FFF if out == "bf16" else 0x7FFFFFFF), bits)


@dataclass(frozen=True)
class Bf16Problem:
    """Raw bits of A [M, K] and B [N, K], and C [M, N] in FP32 (rounded to D's type when used)."""

    a: np.ndarray
    b: np.ndarray
    c: np.ndarray

    def operands(self, layout: str) -> tuple[np.ndarray, np.ndarray]:
        """A and B as the call of that layout takes them, in rows of the TMA."""
        a, b = self.a.view(BF16), self.b.view(BF16)
        given = a.T if layout[0] == "t" else a, b.T if layout[1] == "n" else b
        return in_tma_rows(given[0]), in_tma_rows(given[1])

    def c_of(self, out: str) -> np.ndarray:
        return self.c.astype(OUT[out])

    def finish(self, chain: np.ndarray, out: str, with_c: bool) -> np.ndarray:
        """Bits of D from the chain's FP32 bits."""
        values = chain.view(np.float32)
        with np.errstate(invalid="ignore", over="ignore"):
            return rounded(self.c_of(out).astype(np.float32) + values if with_c else values, out)

    def expected(self, out: str, with_c: bool = False) -> np.ndarray:
        return self.finish(wgmma_bits("bf16", self.a, self.b), out, with_c)

    def defined(self, out: str, with_c: bool = False) -> np.ndarray:
        """The same by the definition in Python integers: slow."""
        rows_a, rows_b = self.a.tolist(), self.b.tolist()
        chain = [[reference.chain(reference.BF16, x, y) for y in rows_b] for x in rows_a]
        return self.finish(np.array(chain, np.uint32).reshape(len(rows_a), len(rows_b)), out, with_c)

    def empty_output(self, out: str) -> np.ndarray:
        return np.full((len(self.a), len(self.b)), -7, OUT[out])

    def run(self, layout: str, out: str, with_c: bool = False) -> np.ndarray:
        """Bits of D by the public call."""
        d = self.empty_output(out)
        CALLS[layout](*self.operands(layout), d, self.c_of(out) if with_c else None)
        return d.view(RAW[out])


def make_bf16_problem(m: int, n: int, k: int, seed: int = 0, draw: str = "moderate") -> Bf16Problem:
    rng = np.random.default_rng([seed, m, n, k])
    a, b = DRAWS[draw](rng, "bf16", (m, k)), DRAWS[draw](rng, "bf16", (n, k))
    return Bf16Problem(a, b, (rng.standard_normal((m, n)) * np.exp2(rng.integers(-6, 6, (m, n)))).astype(np.float32))
