"""An FP8 linear layer inside of jax.jit: python examples/jax/linear.py build/libaotgemm_jax.so

Prints whether it has the bits of aotgemm.fp8_gemm_nt on the same operands as NumPy arrays.
"""

import ctypes
import sys

import aotgemm
import jax
import jax.numpy as jnp
import ml_dtypes
import numpy as np

BLOCK = 128
FP8_MAX = 448


def register(library: str) -> None:
    """The call's handlers, for both platforms."""
    opened = ctypes.cdll.LoadLibrary(library)
    for platform in ("cpu", "cuda"):
        handler = jax.ffi.pycapsule(getattr(opened, f"aotgemm_jax_{platform}"))
        jax.ffi.register_ffi_target("aotgemm_fp8_gemm_nt", handler, platform=platform.replace("cuda", "CUDA"))


def fp8_gemm_nt(a: jax.Array, sfa: jax.Array, b: jax.Array, sfb: jax.Array) -> jax.Array:
    """BF16 [M, N] of FP8 [M, K] and [N, K]; sfa FP32 [M, ceil(K / 128)], sfb FP32 [ceil(N / 128), ceil(K / 128)].

    M is a multiple of 4.
    """
    result = jax.ShapeDtypeStruct((a.shape[0], b.shape[0]), jnp.bfloat16)
    return jax.ffi.ffi_call("aotgemm_fp8_gemm_nt", result)(a, sfa.T, b, sfb)


def quantize(x: jax.Array) -> tuple[jax.Array, jax.Array]:
    """FP8 of x [M, K], K a multiple of 128, and a scale for each row and 128 columns.

    XLA rounds some quotients otherwise than aotgemm.per_token_cast_to_fp8, so that bits may differ from its.
    """
    blocks = x.reshape(x.shape[0], -1, BLOCK)
    scales = jnp.maximum(jnp.abs(blocks).max(-1), 1e-4) / FP8_MAX
    return (blocks / scales[..., None]).reshape(x.shape).astype(jnp.float8_e4m3fn), scales


@jax.jit
def linear(x: jax.Array, weight: jax.Array, scales: jax.Array) -> tuple[jax.Array, tuple[jax.Array, jax.Array]]:
    """The layer, and what the GEMM was given."""
    a, sfa = quantize(x)
    return fp8_gemm_nt(a, sfa, weight, scales), (a, sfa)


def main() -> None:
    register(sys.argv[1])
    generator = np.random.default_rng(0)
    x = generator.standard_normal((64, 512), np.float32)
    weight = aotgemm.per_block_cast_to_fp8(generator.standard_normal((256, 512), np.float32), use_ue8m0=False)
    out, (a, sfa) = jax.tree.map(np.asarray, linear(x, *weight))
    wanted = np.empty((64, 256), ml_dtypes.bfloat16)
    aotgemm.fp8_gemm_nt((a, sfa), weight, wanted)
    print(f"{out.shape} {out.dtype}, bits equal: {np.array_equal(out.view(np.uint16), wanted.view(np.uint16))}")


if __name__ == "__main__":
    main()
