"""Builds the module `exchange_tensor` of exchange_tensor.cpp: a framework's tensors without the framework."""

import subprocess
import sysconfig
from pathlib import Path

HERE = Path(__file__).parent


def build_exchange_tensor(folder: Path) -> Path:
    """The folder to import `exchange_tensor` from."""
    includes = [f"-I{sysconfig.get_path('include')}", f"-I{HERE.parents[1] / 'cpp'}"]
    out = folder / f"exchange_tensor{sysconfig.get_config_var('EXT_SUFFIX')}"
    subprocess.run(
        ["c++", "-std=c++20", "-O2", "-shared", "-fPIC", *includes, HERE / "exchange_tensor.cpp", "-o", out], check=True
    )
    return folder
