"""Counts the instructions of a cubin."""

import re
import subprocess
from collections import Counter
from pathlib import Path

# "        /*0010*/              @!P0 QGMMA.64x64x32.F32.E4M3.E4M3 R24, ..." -> QGMMA
_INSTRUCTION = re.compile(r"^\s+/\*[0-9a-f]{4,}\*/\s+(?:\{\s*)?(?:@!?U?P\w+\s+)?([A-Z][A-Z0-9_]*)", re.MULTILINE)


def count_instructions(disassembly: str) -> dict[str, int]:
    """How often each mnemonic (without its modifiers) stands in nvdisasm's text, sorted by name."""
    return dict(sorted(Counter(_INSTRUCTION.findall(disassembly)).items()))


def disassemble(cubin: Path, nvdisasm: str) -> str:
    """The SASS of `cubin`, with the bits of each instruction.

    nvdisasm's analysis of data flow (-ndf leaves it out) follows branches through a stack, which no kernel here has:
    the text is the same without, in three quarters of the time.
    """
    return subprocess.run([nvdisasm, "-c", "-hex", "-ndf", cubin], check=True, capture_output=True, text=True).stdout
