"""Two versions of the library in one process: the second module is refused, not bound to the first one's library."""

import subprocess
import sys
from pathlib import Path

import aotgemm

LIBRARY = Path(aotgemm.__file__).parent / "libaotgemm.so"
OTHER = "9" * len(aotgemm.version())


def import_after(library):
    code = f"import ctypes; ctypes.CDLL({str(library)!r}); import aotgemm"
    return subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)


def test_refuses_library_of_another_version(tmp_path):
    version, other = (f"\0{text}\0".encode() for text in (aotgemm.version(), OTHER))
    code = LIBRARY.read_bytes()
    assert code.count(version) == 1
    (tmp_path / "libaotgemm.so").write_bytes(code.replace(version, other))
    done = import_after(tmp_path / "libaotgemm.so")
    assert done.returncode == 1
    last = done.stderr.strip().splitlines()[-1]
    assert last.startswith(f"ImportError: aotgemm {aotgemm.version()} found libaotgemm.so of version {OTHER}")
    assert str(tmp_path / "libaotgemm.so") in last


def test_takes_a_copy_of_the_same_version(tmp_path):
    (tmp_path / "libaotgemm.so").write_bytes(LIBRARY.read_bytes())
    assert import_after(tmp_path / "libaotgemm.so").returncode == 0
