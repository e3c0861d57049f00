"""What the families of the indexer's logits have in common: heads, thread blocks, names of kernels."""

from itertools import product

from codegen.arch import SM_90A, WARPGROUP
from codegen.family import FP8, Block, Family, Kernels
from codegen.spec import KernelSpec

HEADS = (16, 32, 64)
HEAD_DIMS = (32, 64, 128)
OUT_DTYPES = ("bf16", "fp32")
CONSUMERS = 2
BLOCK_KEYS = 128  # keys of a stage
QUERY_STAGES = 2
BARRIERS = 2 * 8  # bytes of a stage's two barriers
ROW = 16  # bytes that say which keys a row has


def layouts(columns: tuple[int, ...]) -> dict[str, tuple[int, int, int]]:
    """By KernelSpec.layout: heads, elements of a head, and columns, the rows of q and their heads that a consumer
    multiplies at a time. h64d128 has the first of the columns, h64d128x2 twice as many.
    """
    shapes = product(HEADS, HEAD_DIMS, columns)
    return {
        f"h{heads}d{head_dim}" + (f"x{width // columns[0]}" if width > columns[0] else ""): (heads, head_dim, width)
        for heads, head_dim, width in shapes
    }


def _block(columns: int, block_columns: int, heads: int, head_dim: int, stages: int, share: int) -> Block:
    query = block_columns * (head_dim + 4) + block_columns // heads * ROW + 16 + BARRIERS
    keys = BLOCK_KEYS * (head_dim + 4) + BARRIERS
    return Block(WARPGROUP * (CONSUMERS + 1), QUERY_STAGES * query + stages * keys + share)


def indexer_family(name: str, columns: tuple[int, ...], stages: int, splits_keys: bool) -> Family:
    """A kernel for each layout and type of the logits. splits_keys: consumers share the rows of q, not the keys."""
    shapes = layouts(columns)
    share = 0 if splits_keys else 16 + 4 * (CONSUMERS + 1) * WARPGROUP // 32

    def block(spec: KernelSpec) -> Block:
        heads, head_dim, columns = shapes[spec.layout]
        return _block(columns, columns * (1 if splits_keys else CONSUMERS), heads, head_dim, spec.stages, share)

    def marks(spec: KernelSpec) -> dict[str, object]:
        return dict(zip(("heads", "head_dim", "columns"), shapes[spec.layout], strict=True))

    specs = tuple(
        KernelSpec(arch=SM_90A.name, family=name, layout=layout, out_dtype=out_dtype, stages=stages)
        for layout, out_dtype in product(shapes, OUT_DTYPES)
    )
    kernels = Kernels(specs, f"sm90/{name}.cu.in", (), block, marks, columns=lambda spec: shapes[spec.layout][2])
    return Family(name, {"layout": tuple(shapes), "out_dtype": OUT_DTYPES}, {SM_90A.name: kernels}, FP8)
