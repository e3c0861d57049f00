"""Calls with operands changed at random: refused or taken in the same words on the CPU and on a GPU.

Where a GPU takes them, every tensor map keeps the driver's rules; unchanged, both take them. On a driver that answers
and computes nothing, in compile mode, so that no memory is read or written but an index of the CPU.
"""

import json
from collections import Counter
from pathlib import Path

import pytest
from aotgemm.audit.library import read_manifest
from aotgemm.problems.kinds import KINDS, kernels_of
from aotgemm.problems.operations import OPERATIONS
from exchange_tensor_build import build_exchange_tensor
from fake_driver import build_fake_driver, run_on_fake

SUPPORT = Path(__file__).parents[1] / "support"
PROGRAM = """
import json, sys
sys.path[:0] = json.loads(sys.argv[1])
import aotgemm, numpy as np
from aotgemm.problems.kinds import KINDS
from aotgemm.problems.operations import OPERATIONS
from call_mutations import mutated, random_call
from operation_mutations import mutated_operation, random_operation_call
from exchange_tensor import ExchangeTensor

CPU, CUDA = 1, 2
def on(device):
    return lambda place: ExchangeTensor(place.address, place.shape, place.stride, place.dtype, device)

aotgemm.set_compile_mode(1)
aotgemm.set_cpu_arch(sys.argv[2])
for line in sys.stdin:
    name, seed = json.loads(line)
    rng = np.random.default_rng(seed)
    is_gemm = name in KINDS
    call = random_call(rng, KINDS[name]) if is_gemm else random_operation_call(rng, OPERATIONS[name])
    for place in range(20):
        changed = call
        for _ in range(int(rng.integers(1, 3)) if place else 0):
            changed = (mutated if is_gemm else mutated_operation)(rng, changed)
        try:
            verdicts = changed.verdict(on(CPU)), changed.verdict(on(CUDA))
        except Exception as error:
            verdicts = "", f"raw {type(error).__name__}: {error}"
        print(json.dumps([name, seed, place, *verdicts, str(changed.operands), str(changed.options)]))
"""


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return build_exchange_tensor(build_fake_driver(tmp_path_factory.mktemp("driver")))


NAMES = ("masked_m", "grouped_layout", "ks_tensor", "psum_layout")
INDEX_WAS_READ = tuple(f"ShapeError: {name}: " for name in NAMES)


def same(cpu, cuda):
    """A GPU leaves the index where it is; the CPU reads it."""
    return cpu == cuda or (cuda == "" and cpu.startswith(INDEX_WAS_READ))


def names_on(arch):
    """Of the calls that have a kernel there."""
    kinds = [name for name, kind in KINDS.items() if any(spec["arch"] == arch for spec in kernels_of(kind))]
    families = {kernel["spec"]["family"] for kernel in read_manifest()["kernels"] if kernel["spec"]["arch"] == arch}
    operations = [name for name, one in OPERATIONS.items() if arch in one.archs and families >= set(one.families)]
    return sorted(kinds) + sorted(operations)


@pytest.mark.parametrize(("arch", "capability"), [("sm_90a", 9), ("sm_100a", 10)])
def test_verdicts(folder, rounds, arch, capability):
    names = names_on(arch)
    lines = [
        json.dumps([name, [int(rng.integers(2**32)), place]]) for rng in rounds(8) for place, name in enumerate(names)
    ]
    paths = json.dumps([str(folder), str(SUPPORT)])
    stdin = "\n".join(lines)
    answers = run_on_fake(folder, "-c", PROGRAM, paths, arch, stdin=stdin, capability=capability).splitlines()
    assert len(answers) == 20 * len(lines)
    kinds = Counter()
    for name, seed, changed, cpu, cuda, operands, options in map(json.loads, answers):
        assert same(cpu, cuda), (name, seed, cpu, cuda, operands, options)
        assert changed or (cpu, cuda) == ("", ""), (name, seed, cpu, cuda, operands, options)
        assert not cuda.startswith(("CudaError", "KernelMissing", "raw")), (name, seed, cuda, operands, options)
        kinds[cuda.partition(":")[0]] += 1
    assert all(kinds[kind] for kind in ("", "ShapeError", "LayoutError", "DtypeError")), kinds
    print(dict(kinds))
