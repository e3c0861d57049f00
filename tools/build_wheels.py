"""Builds the wheels of a release: one set of kernels, one wheel for each processor and stable ABI.

`python tools/build_wheels.py --out dist` builds cp312-abi3 wheels for x86_64 and aarch64, with the packages that
tools/requirements.txt names. `--python PATH`, which may be repeated, adds an x86_64 wheel for that interpreter: 3.10
and 3.11 have no stable ABI that nanobind could use. Zig is the C++ compiler, since it brings glibc 2.28's symbols and
a static libc++ for both processors. nvcc takes no libc++ and keeps g++ for its host pass, which decides nothing in a
cubin.

The kernels are compiled for the first wheel; the others take them from there, each checked by the hash of its sources.
"""

import argparse
import os
import shlex
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).parents[1]
GLIBC = "2.28"
PROCESSORS = ("x86_64", "aarch64")
RELEASED = 1_577_836_800  # SOURCE_DATE_EPOCH where none is set: 2020-01-01, so that equal sources give equal archives


def _zig(folder: Path, processor: str, language: str) -> Path:
    """A compiler command for CMake, which takes no arguments in one."""
    script = folder / f"zig-{language}-{processor}"
    target = f"{processor}-linux-gnu.{GLIBC}"
    script.write_text(f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -m ziglang {language} -target {target} "$@"\n')
    script.chmod(0o755)
    return script


def compilers(folder: Path, processor: str) -> dict[str, str]:
    return {"CC": str(_zig(folder, processor, "cc")), "CXX": str(_zig(folder, processor, "c++"))}


def _wheel(python: str, tag: str, processor: str, work: Path, out: Path, defines: dict[str, str]) -> Path:
    """Builds one wheel in `work`/TAG, which is kept for what later wheels take from it; returns the wheel."""
    build = work / tag
    defines = {"AOTGEMM_NVCC_HOST": "g++", **defines}
    settings = {f"cmake.define.{key}": value for key, value in defines.items()}
    settings |= {"build-dir": str(build), "wheel.tags": f"{tag}-manylinux_{GLIBC.replace('.', '_')}_{processor}"}
    if "abi3" not in tag:
        settings["wheel.py-api"] = ""
    command = [python, "-m", "pip", "wheel", "--verbose", "--no-deps", "--wheel-dir", str(out), str(ROOT)]
    command += [f"--config-settings={key}={value}" for key, value in settings.items()]
    # The pinned CMake and Ninja of this environment go before any other.
    tools = {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    dates = {"SOURCE_DATE_EPOCH": os.environ.get("SOURCE_DATE_EPOCH", str(RELEASED))}
    before = set(out.glob("*.whl"))
    subprocess.run(command, check=True, env=os.environ | tools | dates | compilers(work, processor))
    (wheel,) = set(out.glob("*.whl")) - before
    return wheel


def _interpreter_tag(python: str) -> str:
    code = "import sys; print('cp%d%d' % sys.version_info[:2])"
    name = subprocess.run([python, "-c", code], check=True, capture_output=True, text=True).stdout.strip()
    return f"{name}-{name}"


def build(out: Path, work: Path, pythons: list[str], cubins: Path | None) -> list[Path]:
    """All wheels, into `out`; `cubins` is the folder of cubins of a finished build, or None to compile them."""
    native = "cp312-abi3"
    taken = {"AOTGEMM_CUBINS": str(cubins)} if cubins else {}
    wheels = [_wheel(sys.executable, native, PROCESSORS[0], work / PROCESSORS[0], out, taken)]
    first = work / PROCESSORS[0] / native
    taken = {"AOTGEMM_CUBINS": str(first / "cubins")}
    arm = taken | {"AOTGEMM_STUB": str(first / "_core.pyi")}
    wheels.append(_wheel(sys.executable, native, PROCESSORS[1], work / PROCESSORS[1], out, arm))
    wheels += [_wheel(p, _interpreter_tag(p), PROCESSORS[0], work / PROCESSORS[0], out, taken) for p in pythons]
    return wheels


def check(wheels: list[Path]) -> None:
    """What an index and other machines ask: symbol versions, stable ABI, metadata. Raises where one fails."""
    for wheel in wheels:
        subprocess.run([sys.executable, "-m", "auditwheel", "show", str(wheel)], check=True)
    stable = [str(wheel) for wheel in wheels if "-abi3-" in wheel.name]
    subprocess.run([sys.executable, "-m", "abi3audit", "--strict", "--summary", *stable], check=True)
    subprocess.run([sys.executable, "-m", "twine", "check", "--strict", *map(str, wheels)], check=True)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder for the wheels; must hold none")
    parser.add_argument("--python", action="append", default=[], help="also a wheel for this interpreter")
    parser.add_argument("--cubins", type=Path, help="cubins of a finished build of these sources, not to compile any")
    parser.add_argument("--work", type=Path, help="keep the builds here; default: a folder that is removed")
    return parser.parse_args()


def main() -> int:
    """Exit status 0 where all wheels are built and pass all checks."""
    arguments = _arguments()
    if sys.version_info[:2] != (3, 12):
        print(f"error: the stable ABI is 3.12's, this is Python {sys.version.split()[0]}", file=sys.stderr)
        return 2
    if shutil.which("g++") is None:
        print("error: nvcc needs g++ on PATH for its host pass", file=sys.stderr)
        return 2
    arguments.out.mkdir(parents=True, exist_ok=True)
    if list(arguments.out.glob("*.whl")):
        print(f"error: {arguments.out} holds wheels already", file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        work = (arguments.work or Path(folder)).resolve()
        for processor in PROCESSORS:
            (work / processor).mkdir(parents=True, exist_ok=True)
        wheels = build(arguments.out.resolve(), work, arguments.python, arguments.cubins)
    check(wheels)
    return 0


if __name__ == "__main__":
    sys.exit(main())
