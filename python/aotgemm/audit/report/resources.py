"""What a kernel uses of an SM, from the manifest."""

from html import escape
from typing import Any

# One SM of compute capability 9.0: CUDA C++ Programming Guide, technical specifications.
SM_THREADS, SM_REGISTERS, SM_SHARED, BLOCK_RESERVED = 2048, 65536, 233472, 1024

KINDS = (
    ("tensor", ("QGMMA", "HGMMA", "IGMMA", "UTCQMMA", "UTCHMMA")),
    (
        "arithmetic",
        ("FFMA", "FMUL", "FADD", "HFMA", "HADD", "HMUL", "F2F", "I2F", "F2I", "MUFU", "IMAD", "IADD", "FMNMX", "FSET"),
    ),
    ("memory", ("UTMA", "UBLK", "LD", "ST", "ATOM", "RED", "CCTL", "UTMACMDFLUSH")),
    (
        "waiting",
        (
            "SYNCS",
            "BAR",
            "WARPGROUP",
            "DEPBAR",
            "WARPSYNC",
            "NANOSLEEP",
            "UCGABAR",
            "ERRBAR",
            "MEMBAR",
            "FENCE",
            "ACQBULK",
        ),
    ),
)


def blocks_per_sm(kernel: dict[str, Any]) -> int | None:
    """Thread blocks that fit on an SM at once; None where the manifest does not give the block's size."""
    threads = kernel.get("threads")
    if not threads:
        return None
    shared = kernel.get("shared_bytes", 0) + kernel["static_shared_bytes"] + BLOCK_RESERVED
    return min(SM_THREADS // threads, SM_REGISTERS // (kernel["registers"] * threads), SM_SHARED // shared)


def kind_of(mnemonic: str) -> str:
    return next((kind for kind, starts in KINDS if mnemonic.startswith(starts)), "other")


def mix(instructions: dict[str, int]) -> dict[str, int]:
    """How many instructions of each kind."""
    counts = dict.fromkeys([kind for kind, _ in KINDS] + ["other"], 0)
    for mnemonic, count in instructions.items():
        counts[kind_of(mnemonic)] += count
    return counts


def mix_bar(instructions: dict[str, int]) -> str:
    """The kinds as one bar."""
    counts = mix(instructions)
    total = sum(counts.values()) or 1
    words = ", ".join(f"{count} {kind}" for kind, count in counts.items())
    parts = "".join(
        f'<i class="{kind}" style="width:{100 * count / total:.1f}%"></i>' for kind, count in counts.items()
    )
    return f'<span class="mix" title="{escape(words)}">{parts}</span>'
