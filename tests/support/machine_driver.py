"""Builds the PTX machine (cpp/ptx_machine) and finds the kernels' PTX.

Both can be given: AOTGEMM_PTX_MACHINE is a folder with libcuda.so.1 and aotgemm-ptx, AOTGEMM_PTX_FOLDER one with PTX
of the build that is tested. Without the first, the machine is compiled once and kept; without the second, the PTX of a
build in the source tree is taken.
"""

import fcntl
import hashlib
import os
import subprocess
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

ROOT = Path(__file__).parents[2]
SOURCES = ROOT / "cpp/ptx_machine"
EMULATION = ROOT / "cpp/emulation"
ARITHMETIC = (
    *(EMULATION / "sm90" / name for name in ("fp8_tile.cpp", "mma_bf16_tf32_tile.cpp")),
    *sorted((EMULATION / "sm100").glob("*.cpp")),
)
FLAGS = ("-std=c++20", "-O3", "-march=native", "-ffp-contract=off", "-fPIC", "-fvisibility=hidden", f"-I{ROOT / 'cpp'}")


def find_ptx():
    """The folder with NAME.ptx of every kernel."""
    if given := os.environ.get("AOTGEMM_PTX_FOLDER"):
        return Path(given)
    built = sorted(ROOT.glob("build/*/cubins"), key=lambda folder: folder.stat().st_mtime)
    assert built, "no PTX: AOTGEMM_PTX_FOLDER must name the folder `cubins` of the build that is tested"
    return built[-1]


def build_machine(cache):
    """A folder with libcuda.so.1 and aotgemm-ptx; `cache` keeps what was compiled from the same sources."""
    if given := os.environ.get("AOTGEMM_PTX_MACHINE"):
        return Path(given)
    cache.mkdir(parents=True, exist_ok=True)
    with open(cache / "lock", "w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        folder = cache / _fingerprint()
        if not (folder / "libcuda.so.1").exists():
            _compile(folder)
    return folder


def _fingerprint():
    files = sorted(path for kind in ("ptx_machine", "emulation") for path in (ROOT / "cpp" / kind).rglob("*.?pp"))
    digest = hashlib.sha256(" ".join(FLAGS).encode())
    for path in files:
        digest.update(path.read_bytes())
    return digest.hexdigest()[:16]


def _compile(folder):
    folder.mkdir(exist_ok=True)
    sources = [*SOURCES.rglob("*.cpp"), *ARITHMETIC]
    with ThreadPoolExecutor(os.cpu_count()) as pool:
        objects = dict(zip(sources, pool.map(lambda source: _compile_one(source, folder), sources), strict=True))
    of = {kind: [o for s, o in objects.items() if s.parent.name == kind] for kind in ("driver", "cli")}
    common = [o for s, o in objects.items() if s.parent.name not in of]
    _run("c++", "-o", folder / "aotgemm-ptx", *of["cli"], *common)
    unfinished = folder / "libcuda.unfinished"
    _run("c++", "-shared", "-Wl,-soname,libcuda.so.1", "-o", unfinished, *of["driver"], *common)
    unfinished.rename(folder / "libcuda.so.1")


def _compile_one(source, folder):
    out = folder / f"{source.parent.name}_{source.stem}.o"
    _run("c++", *FLAGS, "-c", source, "-o", out)
    return out


def _run(*command):
    subprocess.run(command, check=True)
