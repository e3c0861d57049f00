"""Types of the public calls' annotations, for type checkers. At run time the library checks what it is given itself."""

from typing import Any, Literal, Protocol, TypeVar

from ._core import DeviceArray


class DLPackTensor(Protocol):
    """A tensor that speaks DLPack: of PyTorch, NumPy, CuPy or JAX, and of whatever else has these three."""

    @property
    def shape(self) -> tuple[int, ...]:
        """Sizes, in elements."""

    @property
    def dtype(self) -> Any:
        """The framework's own element type."""

    def __dlpack__(self, *, stream: Any = None) -> Any:
        """A capsule of the memory, as the array API standard has it."""


Tensor = DLPackTensor | DeviceArray  # what every call takes
ScaledTensor = tuple[Tensor, Tensor]  # quantised elements and their scales

# What a call returns is of the framework of what it took. NumPy's annotations hold an element type as well, which a
# cast does not keep: its operands are best annotated as numpy.typing.NDArray[Any].
T = TypeVar("T", bound=Tensor)

Layout = Literal["nt", "nn", "tn", "tt"]  # of A and B, as in BLAS
Grouping = Literal["dense", "batched", "contiguous", "psum", "masked", "k_grouped", "batch_reduced"]
OutDtype = Literal["bf16", "fp32"]
Architecture = Literal["sm_90a", "sm_100a"]
