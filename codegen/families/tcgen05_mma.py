"""Family tcgen05_mma: one tile of products by single matrix instructions of any kind, on raw bits. It is for the report
of the self-test, which tells what an instruction computes."""

from codegen.arch import SM_100A, WARPGROUP
from codegen.family import BF16, Block, Family, Kernels
from codegen.spec import KernelSpec
from codegen.tcgen05_geometry import TENSOR_MEMORY_ADDRESS

NAME = "tcgen05_mma"
ROWS, COLUMNS = 128, 64  # of the instruction
ROW_BYTES = 128  # of an operand in shared memory, of which a step fills 32
SCALE_WORDS = 128  # of each operand, 4 bytes each
BARRIER = 16  # bytes


def _block(spec: KernelSpec) -> Block:
    operands = (ROWS + COLUMNS) * ROW_BYTES + 2 * SCALE_WORDS * 4
    return Block(WARPGROUP, operands + BARRIER + TENSOR_MEMORY_ADDRESS)


FAMILY = Family(
    name=NAME,
    operand=BF16,  # among others: one kernel has the instructions of all kinds
    choices={},
    kernels={
        SM_100A.name: Kernels(
            specs=(KernelSpec(SM_100A.name, NAME),),
            template="sm100/tcgen05_mma.cu.in",
            block=_block,
        ),
    },
)
