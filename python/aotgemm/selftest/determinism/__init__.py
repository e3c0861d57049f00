"""The determinism self-test: the same bits whatever kernel, SMs, stream, load, threads and neighbours a call has.

No result is compared with a reference here: runs are compared with one another. What is right is the other self-test's
matter.
"""

from .runs import run_determinism

__all__ = ["run_determinism"]
