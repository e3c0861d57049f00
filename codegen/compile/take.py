"""Takes a kernel that another build compiled, where it is what this build would have compiled.

One set of cubins serves the wheels of all hosts: the processor's architecture and the Python are not in them.
"""

import hashlib
import json
from pathlib import Path

from codegen.compile.cubin import NVCC_FLAGS, PTXAS_FLAGS, CubinError, Job
from codegen.compile.includes import source_hash
from codegen.files import write_if_changed


def _differences(job: Job, sidecar: dict[str, object], cubin: bytes) -> list[str]:
    wanted = {
        "name": job.spec.name(),
        "sha256": hashlib.sha256(cubin).hexdigest(),
        "source_sha256": source_hash(job.source, [job.kernels, job.generated]),
        "compiler": f"nvcc {job.toolchain.version}",
        "flags": {"nvcc": list(NVCC_FLAGS), "ptxas": list(PTXAS_FLAGS)},
    }
    return [
        f"{key} is {sidecar.get(key)!r}, not {value!r}" for key, value in wanted.items() if sidecar.get(key) != value
    ]


def take_kernel(job: Job, folder: Path) -> None:
    """Copies NAME.cubin, its sidecar NAME.json and, where there is one, NAME.ptx from `folder` into the job's `out`.

    Raises:
        CubinError: a file is missing, or the sidecar names other sources, another compiler or other bytes.
    """
    name = job.spec.name()
    missing = [suffix for suffix in (".cubin", ".json") if not (folder / (name + suffix)).is_file()]
    if missing:
        raise CubinError(f"{folder} holds no {name}{missing[0]}: it is not the folder of cubins of a finished build")
    text = (folder / f"{name}.json").read_text(encoding="utf-8")
    cubin = (folder / f"{name}.cubin").read_bytes()
    differences = _differences(job, json.loads(text), cubin)
    if differences:
        raise CubinError(f"{folder / name}.cubin is of another build: " + "; ".join(differences))
    job.out.mkdir(parents=True, exist_ok=True)
    if (folder / f"{name}.ptx").is_file():
        job.output(".ptx").write_bytes((folder / f"{name}.ptx").read_bytes())
    write_if_changed(job.output(".json"), text)
    job.output(".cubin").write_bytes(cubin)
