"""The indexer's kernels of sm_90a: heads, head_dim and the type of the logits are fixed."""

from itertools import product

from codegen.arch import SM_90A, WARPGROUP
from codegen.family import Block, Kernels
from codegen.indexer import BLOCK_KEYS, HEAD_DIMS, HEADS, OUT_DTYPES, QUERY_STAGES, ROW
from codegen.spec import KernelSpec

CONSUMERS = 2
BARRIERS = 2 * 8  # bytes of a stage's two barriers


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


def sm90_kernels(name: str, columns: tuple[int, ...], stages: int, splits_keys: bool) -> Kernels:
    """A kernel for each layout and type of the logits. splits_keys: consumers share the rows of q, not the keys."""
    shapes = layouts(columns)
    share = 0 if splits_keys else 16 + 4 * (CONSUMERS + 1) * WARPGROUP // 32

    def block(spec: KernelSpec) -> Block:
        heads, head_dim, columns = shapes[spec.layout]
        return _block(columns, columns * (1 if splits_keys else CONSUMERS), heads, head_dim, spec.stages, share)

    def marks(spec: KernelSpec) -> dict[str, object]:
        return dict(zip(("heads", "head_dim", "columns"), shapes[spec.layout], strict=True))

    def rule(spec: KernelSpec) -> str | None:
        if spec.layout not in shapes or spec.in_dtype or not spec.out_dtype:
            return f"{SM_90A.name} has layouts {', '.join(shapes)}, each for one type of logits, and no in_dtype"
        return None

    specs = tuple(
        KernelSpec(arch=SM_90A.name, family=name, layout=layout, out_dtype=out_dtype, stages=stages)
        for layout, out_dtype in product(shapes, OUT_DTYPES)
    )
    return Kernels(specs, f"sm90/{name}.cu.in", (rule,), block, marks, columns=lambda spec: shapes[spec.layout][2])
