"""Shapes of dense block-scaled linear layers: N x K of public model configurations."""

from __future__ import annotations

# DeepSeek-V3: qkv_a, q_b, o, shared gate_up and down; Llama-70B o; Llama-8B qkv and down.
DENSE_WITH_M: tuple[tuple[int, int, int], ...] = tuple(
    (m, n, k) for n, k in ((2112, 7168), (24576, 1536), (7168, 16384), (4096, 7168), (7168, 2048)) for m in (1, 64, 128, 512, 4096)
) + tuple(
    (m, n, k) for n, k in ((8192, 8192), (6144, 4096), (4096, 14336)) for m in (16, 256, 8192)
)
