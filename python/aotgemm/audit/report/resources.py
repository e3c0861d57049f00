"""What a kernel uses of an SM, from the manifest."""

from typing import Any

# One SM of compute capability 9.0: CUDA C++ Programming Guide, technical specifications.
SM_THREADS, SM_REGISTERS, SM_SHARED, BLOCK_RESERVED = 2048, 65536, 233472, 1024

TENSOR_CORE = ("QGMMA", "HGMMA", "IGMMA", "UTCQMMA", "UTCOMMA", "UTCHMMA")


def blocks_per_sm(kernel: dict[str, Any]) -> int | None:
    """Thread blocks that fit on an SM at once; None where the manifest does not give the block's size."""
    threads = kernel.get("threads")
    if not threads:
        return None
    shared = kernel.get("shared_bytes", 0) + kernel["static_shared_bytes"] + BLOCK_RESERVED
    return min(SM_THREADS // threads, SM_REGISTERS // (kernel["registers"] * threads), SM_SHARED // shared)


def tensor_instructions(instructions: dict[str, int]) -> int:
    """How many of the kernel's instructions run on the tensor cores; each is a product of whole tiles."""
    return sum(count for mnemonic, count in instructions.items() if mnemonic.startswith(TENSOR_CORE))
