"""Runs PTX of a test's own on the machine, through its driver, in a process of its own (`machine_kernel.py DRIVER`)."""

import ctypes
import json
import os
import subprocess
import sys
import tempfile
from dataclasses import asdict, dataclass, field
from pathlib import Path

HEAD = """\
.version 9.0
.target sm_90a
.address_size 64
.extern .shared .align 1024 .b8 memory[];
.visible .entry test(.param .align 128 .b8 p[{bytes}])
{{
\t.reg .pred %p<20>;
\t.reg .b16 %rs<20>;
\t.reg .b32 %r<60>;
\t.reg .f32 %f<40>;
\t.reg .b64 %rd<40>;
"""
MAP_BYTES = 128


def init_and_meet(others, barrier):
    """PTX: threads that are not `others` (a predicate) initialise an mbarrier, and the blocks of the cluster meet."""
    return f"""\
\t@{others} bra $start;
\tmbarrier.init.shared::cta.b64 [{barrier}], 1;
\tfence.mbarrier_init.release.cluster;
$start:
\tbarrier.cluster.arrive.aligned;
\tbarrier.cluster.wait.aligned;
"""


@dataclass(frozen=True)
class Map:
    """A tiled tensor map of the array of this number; the innermost dimension first, strides in bytes."""

    array: int
    type: int  # CUtensorMapDataType
    sizes: tuple[int, ...]
    strides: tuple[int, ...]
    box: tuple[int, ...]
    swizzle: int = 0  # CUtensorMapSwizzle
    offset: int = 0  # bytes from the array's start to the tensor's
    fill: int = 0  # CUtensorMapFloatOOBfill


@dataclass(frozen=True)
class Launch:
    """Parameters are the addresses of the arrays, 8 bytes each, and from the next multiple of 128 on the maps."""

    body: str
    arrays: tuple[bytes, ...]  # contents
    maps: tuple[Map, ...] = ()
    grid: int | tuple[int, int, int] = 1
    threads: int = 32
    cluster: int | tuple[int, int, int] = 1
    shared: int = 0
    uninitialised: tuple[int, ...] = ()  # arrays whose contents the machine takes for never written
    launches: int = 1
    programmatic: bool = False
    schedules: str = "in_turn"
    level: str = "strict"
    globals: str = ""  # what stands before the kernel

    def map_offset(self, number):
        return -(-8 * len(self.arrays) // MAP_BYTES) * MAP_BYTES + number * MAP_BYTES

    def ptx(self):
        head = HEAD.format(bytes=self.map_offset(len(self.maps))).replace(".extern", self.globals + ".extern", 1)
        return head + self.body + '\n}\n\t.file\t1 "kernel.cuh"\n'


@dataclass(frozen=True)
class Ran:
    result: int  # of the last cuLaunchKernelEx, or of a cuTensorMapEncodeTiled that failed
    arrays: list = field(default_factory=list)
    findings: list = field(default_factory=list)
    errors: str = ""  # what went to standard error

    def kinds(self):
        return {finding["kind"] for finding in self.findings}


def run_kernel(machine, launch):
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "test.ptx").write_text(launch.ptx())
        description = asdict(launch) | {"arrays": [array.hex() for array in launch.arrays]}
        description["parameter_bytes"] = launch.map_offset(len(launch.maps))
        description["map_offset"] = launch.map_offset(0)
        findings = Path(folder) / "findings"
        environment = os.environ | {
            "AOTGEMM_PTX_FOLDER": folder,
            "AOTGEMM_PTX_FINDINGS": str(findings),
            "AOTGEMM_PTX_SCHEDULES": launch.schedules,
            "AOTGEMM_PTX_LEVEL": launch.level,
        }
        command = [sys.executable, "-I", __file__, str(machine / "libcuda.so.1")]
        done = subprocess.run(command, env=environment, input=json.dumps(description), capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
        told = json.loads(done.stdout)
        found = [json.loads(line) for line in findings.read_text().splitlines()] if findings.exists() else []
    return Ran(told["result"], [bytes.fromhex(array) for array in told["arrays"]], found, done.stderr)


class _Attribute(ctypes.Structure):
    _fields_ = [("id", ctypes.c_uint), ("pad", ctypes.c_uint), ("value", ctypes.c_uint * 16)]


class _Config(ctypes.Structure):
    _fields_ = [
        ("grid", ctypes.c_uint * 3),
        ("block", ctypes.c_uint * 3),
        ("shared_bytes", ctypes.c_uint),
        ("stream", ctypes.c_void_p),
        ("attributes", ctypes.POINTER(_Attribute)),
        ("count", ctypes.c_uint),
    ]


def _allocate(driver, contents, is_known):
    address = ctypes.c_uint64()
    assert driver.cuMemAlloc_v2(ctypes.byref(address), ctypes.c_size_t(len(contents))) == 0
    if is_known:
        source = ctypes.c_char_p(contents)
        driver.cuMemcpy(address, ctypes.cast(source, ctypes.c_void_p), ctypes.c_size_t(len(contents)))
    else:
        ctypes.memmove(address.value, contents, len(contents))
    return address.value


def _encode(driver, description, address, out):
    rank = len(description["sizes"])
    sizes, strides = (ctypes.c_uint64 * 5)(*description["sizes"]), (ctypes.c_uint64 * 5)(*description["strides"])
    box, steps = (ctypes.c_uint32 * 5)(*description["box"]), (ctypes.c_uint32 * 5)(*[1] * 5)
    head = (ctypes.c_void_p(out), description["type"], rank, ctypes.c_void_p(address + description["offset"]))
    return driver.cuTensorMapEncodeTiled(
        *head, sizes, strides, box, steps, 0, description["swizzle"], 0, description["fill"]
    )


def _three(sizes):
    return [sizes, 1, 1] if isinstance(sizes, int) else sizes


def main(path):
    driver, told = ctypes.CDLL(path), json.loads(sys.stdin.read())
    contents = [bytes.fromhex(array) for array in told["arrays"]]
    unknown = told["uninitialised"]
    addresses = [_allocate(driver, bytes_, i not in unknown) for i, bytes_ in enumerate(contents)]
    parameters = ctypes.create_string_buffer(told["parameter_bytes"] + MAP_BYTES)
    start = -(-ctypes.addressof(parameters) // MAP_BYTES) * MAP_BYTES
    ctypes.memmove(start, (ctypes.c_uint64 * len(addresses))(*addresses), 8 * len(addresses))
    for i, description in enumerate(told["maps"]):
        out = start + told["map_offset"] + i * MAP_BYTES
        if status := _encode(driver, description, addresses[description["array"]], out):
            print(json.dumps({"result": status, "arrays": []}))
            return
    attributes = (_Attribute * 2)()
    attributes[0].id = 4
    attributes[0].value[:3] = _three(told["cluster"])
    attributes[1].id, attributes[1].value[0] = 6, told["programmatic"]
    shapes = [(ctypes.c_uint * 3)(*_three(told[name])) for name in ("grid", "threads")]
    config = _Config(*shapes, told["shared"], None, attributes, 2)
    arguments = (ctypes.c_void_p * 1)(start)
    driver.cuKernelSetAttribute(8, 227 * 1024, b"test", 0)
    for _ in range(told["launches"]):
        result = driver.cuLaunchKernelEx(ctypes.byref(config), b"test", arguments, None)
    arrays = [ctypes.string_at(address, len(array)).hex() for address, array in zip(addresses, contents)]
    print(json.dumps({"result": result, "arrays": arrays}))


if __name__ == "__main__":
    main(sys.argv[1])
