"""What the matrix says about a kernel that its cubin is checked against and its manifest entry repeats."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path

from codegen.families import kernels_of, mnemonic_of
from codegen.files import write_if_changed
from codegen.spec import KernelSpec


@dataclass(frozen=True)
class Facts:
    """block: threads and bytes of dynamic shared memory of a thread block, empty where the host's code states them.

    mnemonic: the tensor-core instruction that the SASS must hold; None where the kernel uses no tensor cores.
    """

    spec: dict[str, object]
    block: dict[str, object]
    mnemonic: str | None


def facts_of(spec: KernelSpec) -> Facts:
    """The facts of one kernel."""
    block = kernels_of(spec).block
    return Facts(asdict(spec), asdict(block(spec)) if block else {}, mnemonic_of(spec))


def write_facts(specs: list[KernelSpec], generated: Path) -> None:
    """Writes facts/NAME.json under `generated` for each kernel: the build compiles a kernel again if they change."""
    for spec in specs:
        text = json.dumps(asdict(facts_of(spec)), indent=1) + "\n"
        write_if_changed(generated / "facts" / f"{spec.name()}.json", text)
