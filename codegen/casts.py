"""What kernels of all families of casts have in common: one template, filled by what is read and what is written."""

INPUTS = {"bf16": "aotgemm::Bf16", "fp32": "float"}  # C++ types
TEMPLATE = "common/cast.cu.in"


def rows_marks(source: str, code: str, blocks_per_sm: str = "kCastRowsBlocksPerSm") -> dict[str, object]:
    """Of cast_rows: the C++ types of what it reads and of the codes it writes, and the constant of its blocks."""
    arguments = f"/*Source*/ {source}, /*Format*/ aotgemm::{code}"
    bounds = f"aotgemm::kCastRowsThreads, aotgemm::{blocks_per_sm}"
    return {"kernel": "cast_rows", "bounds": bounds, "params": "CastRowsParams", "arguments": arguments}


def matrix_source(in_dtype: str) -> str:
    """The C++ type that reads a matrix as it is."""
    return f"aotgemm::MatrixSource<{INPUTS[in_dtype]}>"


def blocks_marks(in_dtype: str, scaling: str) -> dict[str, object]:
    """Of cast_blocks; scaling: "block" or "channel"."""
    arguments = f"/*Input*/ {INPUTS[in_dtype]}, /*kScaling*/ aotgemm::BlockScaling::{scaling}"
    return {
        "kernel": "cast_blocks",
        "bounds": "aotgemm::kCastBlocksThreads",
        "params": "CastBlocksParams",
        "arguments": arguments,
    }
