"""The least time a call can take on a device, by its arithmetic and its memory traffic alone."""

from typing import Any

from ...arrays.sizes import ceil_div
from ..calls import ROW_ALIGNMENT

# Tensor-core operations of one SM in one cycle, without sparsity: NVIDIA H100 datasheet (1979 FP8 and 989 BF16 TFLOP/s
# of the SXM part, 132 SMs at 1830 MHz) and B200 (4500, 2250 and 1100 TFLOP/s, 148 SMs at 1856 MHz).
OPERATIONS_PER_CYCLE = {
    9: {"fp8": 8192, "bf16": 4096, "tf32": 2048},
    10: {"fp8": 16384, "bf16": 8192, "tf32": 4096},
}
OUT_BYTES = {"bf16": 2, "fp32": 4}
ROWS_IN_EACH_GROUP = (
    "masked",
    "batched",
    "k_grouped",
    "batch_reduced",
)  # groupings in which M counts the rows of one group


def _operand_bytes(family: str) -> int:
    return 1 if family.startswith("fp8") else 2


def _rate(family: str, cc_major: int) -> int:
    rates = OPERATIONS_PER_CYCLE.get(cc_major, OPERATIONS_PER_CYCLE[9])
    return next((rate for start, rate in rates.items() if family.startswith(start)), rates["bf16"])


def roofline_us(call: dict[str, Any], device: dict[str, Any], m: int) -> tuple[float, float]:
    """Microseconds that the tensor cores and the memory need at least, each alone, for this M."""
    n, k, groups = call["n"], call["k"], call["groups"]
    rows = m * groups if call["grouping"] in ROWS_IN_EACH_GROUP else m
    # Groups that share the rows of A each start at a multiple of so many: M rows are those of no more groups.
    weights = groups if call["grouping"] in ROWS_IN_EACH_GROUP else min(groups, ceil_div(m, ROW_ALIGNMENT))
    operations = 2 * rows * n * k
    compute = operations / (_rate(call["family"], device["cc_major"]) * call["num_sms"] * device["clock_mhz"])
    operand = _operand_bytes(call["family"])
    outputs = (m if call["grouping"] == "batch_reduced" else rows) * n
    moved = operand * k * (rows + n * weights) + OUT_BYTES.get(call["out_dtype"], 2) * outputs
    return compute, moved / (device["memory_gbps"] * 1e3)
