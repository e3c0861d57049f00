"""The indexer's kernels of sm_100a: heads and the type of the operands are fixed, head_dim and logits are arguments."""

from itertools import product

from codegen.arch import SM_100A, WARPGROUP
from codegen.family import Block, Kernels
from codegen.geometry import align
from codegen.indexer import BLOCK_KEYS, HEADS, IN_DTYPES, QUERY_STAGES, ROW
from codegen.spec import KernelSpec
from codegen.tcgen05_geometry import TENSOR_MEMORY_ADDRESS

TILE_COLUMNS = 128  # rows of q and their heads, of a matrix instruction
WARPGROUPS = 3  # two of the epilogue; producer, matrix instructions, scales and one more warp
BARRIERS = 3 * 8  # bytes of those of a stage
ACCUMULATOR_BARRIERS = 4 + 3  # that tiles are summed, and that accumulators are read
STAGES = {"fp8": 8, "fp4": 16}
ROW_BYTES = {"fp8": 128, "fp4": 64}  # of the widest head
LAYOUTS = tuple(f"h{heads}" for heads in (8, *HEADS))


def _block(spec: KernelSpec, splits_keys: bool) -> Block:
    heads, row_bytes = int(spec.layout[1:]), ROW_BYTES[spec.in_dtype]
    columns = TILE_COLUMNS * (1 if splits_keys else 2)
    scales = 4 if spec.in_dtype == "fp4" else 0  # bytes of a row of q
    query = columns * (row_bytes + scales + 4) + columns // heads * ROW + 16 + BARRIERS
    keys = BLOCK_KEYS * (row_bytes + 4) + BARRIERS
    share = 0 if splits_keys else 16 + 4 * WARPGROUPS * WARPGROUP // 32
    rest = align(ACCUMULATOR_BARRIERS * 8, 16) + TENSOR_MEMORY_ADDRESS + share
    return Block(WARPGROUPS * WARPGROUP, QUERY_STAGES * query + spec.stages * keys + rest)


def _marks(spec: KernelSpec) -> dict[str, object]:
    return {"heads": int(spec.layout[1:]), "fp4": "true" if spec.in_dtype == "fp4" else "false"}


def _layout(spec: KernelSpec) -> str | None:
    if spec.layout not in LAYOUTS or spec.in_dtype not in IN_DTYPES or spec.out_dtype:
        return (
            f"layout is {spec.layout}, in_dtype is {spec.in_dtype!r}, out_dtype is {spec.out_dtype!r}; "
            f"{SM_100A.name} has {', '.join(LAYOUTS)} of {' and '.join(IN_DTYPES)}, for either type of logits"
        )
    return None


def sm100_kernels(name: str, splits_keys: bool) -> Kernels:
    """A kernel for each number of heads, in FP8 and in FP4."""
    specs = tuple(
        KernelSpec(arch=SM_100A.name, family=name, layout=layout, in_dtype=in_dtype, stages=STAGES[in_dtype])
        for layout, in_dtype in product(LAYOUTS, IN_DTYPES)
    )
    return Kernels(
        specs,
        f"sm100/{name}.cu.in",
        rules=(_layout,),
        block=lambda spec: _block(spec, splits_keys),
        marks=_marks,
    )
