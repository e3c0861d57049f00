"""Compiles one spec: .cu -> PTX -> fixed names -> cubin, refusing what would be slow or not reproducible."""

import hashlib
import json
import os
import subprocess
from dataclasses import asdict, dataclass
from pathlib import Path

from codegen.compile import load_order, ptxas_log, sass
from codegen.compile.facts import facts_of
from codegen.compile.includes import source_hash
from codegen.compile.names import normalise
from codegen.compile.toolchain import Toolchain
from codegen.families import kernels_of
from codegen.files import write_if_changed
from codegen.spec import KernelSpec

NVCC_FLAGS = ("-std=c++20", "-O3", "-Werror=all-warnings")
PTXAS_FLAGS = ("-O3", "-v")
UNCHECKED = ".unchecked"  # suffix of a cubin until it has passed every check: a later build must not take it for good


class CubinError(RuntimeError):
    """A kernel that does not compile, or compiles to something the library must not hold."""


@dataclass(frozen=True)
class Job:
    """One kernel to compile. Headers are looked for in `kernels` (sources) and `generated`."""

    spec: KernelSpec
    toolchain: Toolchain
    kernels: Path
    generated: Path
    out: Path

    @property
    def source(self) -> Path:
        return self.generated / "kernels" / f"{self.spec.name()}.cu"

    def output(self, suffix: str) -> Path:
        return self.out / f"{self.spec.name()}{suffix}"


def _run(command: list[str], folder: Path) -> str:
    # Flags from the environment would change the bytes.
    kept = {key: value for key, value in os.environ.items() if not key.startswith(("NVCC_", "PTXAS_"))}
    done = subprocess.run(command, cwd=folder, env=kept, capture_output=True, text=True)
    if done.returncode != 0:
        raise CubinError(f"{' '.join(command)} failed:\n{done.stdout}{done.stderr}")
    return done.stdout + done.stderr


def _nvcc(job: Job) -> str:
    arch = job.spec.arch.replace("sm_", "compute_")
    flags = [*NVCC_FLAGS, f"-arch={arch}", "-ccbin", job.toolchain.host_compiler]
    includes = [f"-I{job.kernels}", f"-I{job.generated}", "-isystem", job.toolchain.cutlass]
    output = ["-ptx", "-o", str(job.output(".ptx"))]
    _run([job.toolchain.nvcc, *flags, *includes, *output, job.source.name], job.source.parent)
    return job.output(".ptx").read_text(encoding="utf-8")


def refuse_bad(spec: KernelSpec, log: str, instructions: dict[str, int], disassembly: str = "") -> None:
    """Raises where ptxas complained, the kernel spills or has a stack, a GEMM lacks the tensor-core instruction, or a
    stage is freed before what was loaded from it is in registers."""
    usage = ptxas_log.read_usage(log)
    reasons = ptxas_log.complaints(log)
    if usage.stack_bytes or usage.spill_store_bytes or usage.spill_load_bytes:
        reasons.append(f"stack or spills: {usage}")
    wanted = facts_of(spec).mnemonic
    if wanted is not None and not instructions.get(wanted):
        reasons.append(f"no tensor-core instruction ({wanted}) in the SASS")
    if kernels_of(spec).frees_behind_loads:
        reasons += load_order.early_arrivals(disassembly, loads_ahead=spec.in_flight == 1)
    if reasons:
        raise CubinError(f"{spec.name()}: " + "; ".join(reasons))


def _assemble(job: Job, ptx: str) -> str:
    job.output(".ptx").write_text(ptx, encoding="utf-8", newline="\n")
    names = [job.output(".ptx").name, "-o", job.output(UNCHECKED).name]
    return _run([job.toolchain.ptxas, f"-arch={job.spec.arch}", *PTXAS_FLAGS, *names], job.out)


def _sidecar(job: Job, log: str) -> dict[str, object]:
    """What the manifest says about the kernel; refuses a kernel that must not ship."""
    cubin = job.output(UNCHECKED)
    usage = ptxas_log.read_usage(log)
    facts = facts_of(job.spec)
    disassembly = sass.disassemble(cubin, job.toolchain.nvdisasm)
    instructions = sass.count_instructions(disassembly)
    refuse_bad(job.spec, log, instructions, disassembly)
    return {
        "name": job.spec.name(),
        "spec": facts.spec,
        "sha256": hashlib.sha256(cubin.read_bytes()).hexdigest(),
        "bytes": cubin.stat().st_size,
        **facts.block,
        **asdict(usage),
        "instructions": instructions,
        "instructions_total": sum(instructions.values()),
        "source_sha256": source_hash(job.source, [job.kernels, job.generated]),
        "compiler": f"nvcc {job.toolchain.version}",
        "flags": {"nvcc": list(NVCC_FLAGS), "ptxas": list(PTXAS_FLAGS)},
    }


def compile_kernel(job: Job) -> None:
    """Writes NAME.cubin and NAME.json (for the manifest) into the job's `out`."""
    job.out.mkdir(parents=True, exist_ok=True)
    log = _assemble(job, normalise(_nvcc(job)))
    write_if_changed(job.output(".json"), json.dumps(_sidecar(job, log), indent=1) + "\n")
    job.output(UNCHECKED).replace(job.output(".cubin"))
