"""What transformers takes from the Hub's repository kernels-community/finegrained-fp8, under the names of there.

`LOCAL_KERNELS=$(aotgemm --local-kernels)` makes the package `kernels` load this folder instead, without a network. It
is loaded by its path, under the id of metadata.json.
"""

from aotgemm.torch.transformers import batched_matmul as matmul_batched
from aotgemm.torch.transformers import grouped_matmul as matmul_grouped
from aotgemm.torch.transformers import matmul as matmul_2d

__all__ = ["matmul_2d", "matmul_batched", "matmul_grouped"]
