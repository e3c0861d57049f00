"""Tuned rows: what is read, what is refused, and that the library's table holds and finds exactly those."""

import ctypes
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest
from aotgemm import _core
from hypothesis import given
from hypothesis import strategies as st

from codegen.matrix import all_specs, gemm_specs
from codegen.write.tuned_rows import COLUMNS, DeviceClass, TunedRow, TunedRowError, read_tables, write_tuned_rows

ROOT = Path(__file__).parents[2]
H100 = "device cc=9.0 num_sms=132 memory_gbps=3083-3620"
SPECS = gemm_specs()
CARD = "NVIDIA H100 80GB HBM3"
# Interval of M, N, K, index of the kernel.
SYNTHETIC = (
    (1, 2, 2112, 7168, 3),
    (3, 5, 2112, 7168, 7),
    (9, 64, 2112, 7168, 3),
    (1, 90, 2112, 1536, 0),
    (70, 80, 64, 7168, 9),
)


def row(first, last, n, k, index, **changes):
    name = SPECS[index].name()
    made = TunedRow(
        "fp8_gemm_1d2d",
        "dense",
        "nt",
        "bf16",
        1,
        n,
        k,
        first,
        last,
        first,
        name,
        12.5,
        "-",
        0.0,
        1980,
        "2026-01-02",
        CARD,
    )
    return replace(made, **changes)


def line(tuned):
    return " ".join(str(getattr(tuned, column)) for column in COLUMNS)


def write_file(path, rows, device=H100, columns=COLUMNS):
    path.parent.mkdir(exist_ok=True)
    path.write_text("\n".join(["# measured", device, " ".join(columns), "", *map(line, rows)]) + "\n")


def read(folder):
    return read_tables(all_specs(), folder)


def test_rows_are_read_as_written_and_sorted(tmp_path):
    rows = [row(*fields) for fields in SYNTHETIC]
    write_file(tmp_path / "h100.txt", rows)
    ((device, found),) = read(tmp_path)
    assert device == DeviceClass((9, 0), 132, (3083, 3620))
    assert found == sorted(rows, key=lambda r: (r.n, r.k, r.m_first)) and found[0].card == CARD


@pytest.mark.parametrize(
    "rows, fragments",
    [
        ([row(1, 2, 64, 64, 0, kernel="sm90_gone")], ["sm90_gone", "not in the matrix"]),
        ([row(1, 2, 64, 64, 0, out_dtype="fp32")], ["does not serve"]),
        ([row(3, 2, 64, 64, 0)], ["m_first, m, m_last are 3, 3, 2"]),
        ([row(1, 4, 64, 64, 0, m=5)], ["m_first, m, m_last are 1, 5, 4"]),
        ([row(1, 4, 64, 64, 0), row(4, 8, 64, 64, 1)], ["overlap at M = 4"]),
        ([row(1, 4, 64, 64, 0, us="fast")], ["h100.txt, line 5", "fast"]),
        ([row(1, 4, 64, 64, 0, card="")], ["h100.txt, line 5", "16 columns, must have 17"]),
    ],
    ids=["kernel", "problem", "interval", "m", "overlap", "number", "columns"],
)
def test_a_bad_row_is_refused(tmp_path, rows, fragments):
    write_file(tmp_path / "h100.txt", rows)
    with pytest.raises(TunedRowError) as caught:
        read(tmp_path)
    assert [fragment for fragment in fragments if fragment not in str(caught.value)] == []


def contiguous_row(**changes):
    spec = next(spec for spec in SPECS if (spec.family, spec.grouping) == ("fp8_gemm_1d2d", "contiguous"))
    return row(1, 4, 64, 64, SPECS.index(spec), grouping="contiguous", groups=4, **changes)


def test_rows_of_contiguous_groups_stand_for_psum(tmp_path):
    measured = contiguous_row()
    write_file(tmp_path / "h100.txt", [measured])
    ((_, found),) = read(tmp_path)
    kernel = measured.kernel.replace("_contiguous_", "_psum_")
    assert found == [measured, replace(measured, grouping="psum", kernel=kernel, card=f"{CARD} as contiguous")]


def test_measured_rows_of_psum_stay(tmp_path):
    """Also where they leave out some M: the interval between is the cost model's."""
    measured = contiguous_row()
    own = replace(measured, grouping="psum", kernel=measured.kernel.replace("_contiguous_", "_psum_"), m_last=2, us=1.0)
    write_file(tmp_path / "h100.txt", [measured, own])
    ((_, found),) = read(tmp_path)
    assert found == [measured, own]


def test_no_row_for_a_kernel_without_a_twin(tmp_path):
    measured = contiguous_row()
    write_file(tmp_path / "h100.txt", [measured])
    ((_, found),) = read_tables([spec for spec in all_specs() if spec.grouping != "psum"], tmp_path)
    assert found == [measured]


def test_other_columns_are_refused(tmp_path):
    write_file(tmp_path / "h100.txt", [], columns=COLUMNS[::-1])
    with pytest.raises(TunedRowError, match="line 3: names other columns"):
        read(tmp_path)


def test_a_file_without_a_device_is_refused(tmp_path):
    (tmp_path / "h100.txt").write_text("# nothing\n")
    with pytest.raises(TunedRowError, match="h100.txt: has no line for the device"):
        read(tmp_path)


def test_two_files_for_one_device_class_are_refused(tmp_path):
    write_file(tmp_path / "a.txt", [])
    write_file(tmp_path / "b.txt", [], "device cc=9.0 num_sms=132 memory_gbps=3620-4000")
    with pytest.raises(TunedRowError, match="one device class"):
        read(tmp_path)


def test_a_kernel_of_another_architecture_is_refused(tmp_path):
    write_file(tmp_path / "b200.txt", [row(1, 2, 64, 64, 0)], "device cc=10.0 num_sms=148 memory_gbps=7000-8000")
    with pytest.raises(TunedRowError, match="compute capability 10.0"):
        read(tmp_path)


PROBE = """
#include "dispatch/select/tuned_rows.hpp"
extern "C" int find(const aotgemm_problem* problem, const aotgemm_device* device) {
    const aotgemm::TunedRow* row = aotgemm::find_tuned_row(*problem, *device);
    return row ? row->kernel : -1;
}
"""


class Problem(ctypes.Structure):
    _fields_ = [(name, ctypes.c_char_p) for name in ("family", "grouping", "layout", "out_dtype")]
    _fields_ += [("groups", ctypes.c_int32), *((size, ctypes.c_int64) for size in "mnk"), ("num_sms", ctypes.c_int32)]


class Device(ctypes.Structure):
    _fields_ = [("name", ctypes.c_char * 64)]
    _fields_ += [(name, ctypes.c_int32) for name in ("cc_major", "cc_minor", "num_sms", "memory_gbps", "clock_mhz")]


def compile_table(folder, files):
    """The library's lookup over a generated table, compiled by itself."""
    for name, (rows, device) in files.items():
        write_file(folder / "rows" / name, rows, device)
    (folder / "rows").mkdir(exist_ok=True)
    write_tuned_rows(all_specs(), folder, folder / "rows")
    (folder / "probe.cpp").write_text(PROBE)
    sources = [folder / "tuned_rows.cpp", ROOT / "cpp/dispatch/select/tuned_rows.cpp", folder / "probe.cpp"]
    flags = ["-std=c++20", "-Wall", "-Wextra", "-Werror", "-fPIC", "-shared", f"-I{ROOT}/cpp", f"-I{ROOT}/cpp/include"]
    subprocess.run(["c++", *flags, *sources, "-o", folder / "probe.so"], check=True)
    return ctypes.CDLL(str(folder / "probe.so")).find


def find(table, m, n, k, groups=1, grouping=b"dense", num_sms=132, memory_gbps=3352, cc=(9, 0)):
    problem = Problem(b"fp8_gemm_1d2d", grouping, b"nt", b"bf16", groups, m, n, k, num_sms)
    return table(ctypes.byref(problem), ctypes.byref(Device(b"any", *cc, num_sms, memory_gbps, 1980)))


@pytest.fixture(scope="module")
def table(tmp_path_factory):
    rows = [row(*fields) for fields in SYNTHETIC] + [row(1, 9, 64, 64, 5, groups=4)]
    h20 = [row(1, 90, 2112, 7168, 11)], "device cc=9.0 num_sms=78 memory_gbps=3700-4344"
    return compile_table(tmp_path_factory.mktemp("table"), {"a.txt": h20, "h100.txt": (rows, H100)})


@given(m=st.integers(1, 100), n=st.sampled_from([64, 72, 2112]), k=st.sampled_from([1536, 7168, 7184]))
def test_the_table_finds_the_row_whose_interval_holds_m(table, m, n, k):
    expected = [kernel for first, last, *size, kernel in SYNTHETIC if first <= m <= last and size == [n, k]]
    assert find(table, m, n, k) == (expected or [-1])[0]


@pytest.mark.parametrize(
    "changes, kernel",
    [
        ({}, 3),
        ({"memory_gbps": 3083}, 3),
        ({"memory_gbps": 3082}, -1),
        ({"memory_gbps": 4916}, -1),
        ({"num_sms": 114}, -1),
        ({"num_sms": 78, "memory_gbps": 4022}, 11),
        ({"cc": (10, 0)}, -1),
        ({"grouping": b"masked"}, -1),
        ({"groups": 4}, -1),
    ],
    ids=str,
)
def test_a_row_serves_its_own_device_class_and_problem(table, changes, kernel):
    assert find(table, 2, 2112, 7168, **changes) == kernel


def test_groups_are_part_of_the_problem(table):
    assert [find(table, 2, 64, 64, groups) for groups in (1, 4)] == [-1, 5]


def test_an_empty_table_finds_nothing(tmp_path):
    assert find(compile_table(tmp_path, {}), 1, 2112, 7168) == -1


def test_a_class_without_rows_finds_nothing(tmp_path):
    assert find(compile_table(tmp_path, {"h100.txt": ([], H100)}), 1, 2112, 7168) == -1


def covering(tables, device, m, n, k):
    """The rows in the repository for a dense problem of family fp8_gemm_1d2d."""
    for cls, rows in tables:
        low, high = cls.memory_gbps
        same = (cls.cc, cls.num_sms) == ((device["cc_major"], device["cc_minor"]), device["num_sms"])
        if same and low <= device["memory_gbps"] <= high:
            wanted = ("fp8_gemm_1d2d", "dense", "nt", "bf16", 1, n, k)
            return [r for r in rows if r.problem == wanted and r.m_first <= m <= r.m_last]
    return []


def test_the_library_chooses_by_the_rows_of_this_repository():
    tables = read_tables(all_specs())
    sizes = {(r.n, r.k) for _, rows in tables for r in rows} | {(2112, 7168), (72, 144)}
    edges = {m + step for _, rows in tables for r in rows for m in (r.m_first, r.m_last) for step in (-1, 0, 1)} | {
        1,
        64,
    }
    for name in _core.named_devices():
        device = _core.named_device(name)
        if device["cc_major"] != 9:
            continue
        for m, n, k in ((m, *size) for size in sizes for m in edges if m > 0):
            choice = _core.select("fp8_gemm_1d2d", m, n, k, 0, device, 1)[0]
            rows = covering(tables, device, m, n, k)
            assert choice["measured_us"] == (rows[0].us if rows else 0), (name, m, n, k)
            assert not rows or (choice["name"], choice["reason"].split()[0]) == (rows[0].kernel, "tuned")
            restricted = _core.select("fp8_gemm_1d2d", m, n, k, device["num_sms"] - 1, device, 1)[0]
            assert restricted["measured_us"] == 0 and restricted["reason"].startswith("cost model")
