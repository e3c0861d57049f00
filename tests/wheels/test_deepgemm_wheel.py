"""The wheel of compat/ installs beside aotgemm, and engines find its entry points and its package."""

import os
import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import aotgemm
import pytest

COMPAT = Path(__file__).parents[2] / "compat"
FIND = """
from importlib.metadata import entry_points, requires
groups = ("vllm.general_plugins", "sglang.srt.plugins")
print([(point.name, point.load().__module__) for group in groups for point in entry_points(group=group)])
import deep_gemm.utils.layout
print(requires("aotgemm-deepgemm"), deep_gemm.__file__)
"""


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    """A folder with the distribution installed from its wheel."""
    folder = tmp_path_factory.mktemp("compat")
    shutil.copytree(COMPAT, folder / "source", ignore=shutil.ignore_patterns("__pycache__"))
    isolation = ["--no-build-isolation"] if find_spec("scikit_build_core") else []
    pip = [sys.executable, "-m", "pip"]
    subprocess.run([*pip, "wheel", "--no-deps", *isolation, "-w", folder / "out", folder / "source"], check=True)
    (wheel,) = (folder / "out").glob("*.whl")
    assert wheel.name.endswith("-py3-none-any.whl")
    subprocess.run([*pip, "install", "--no-deps", "--target", folder / "site", wheel], check=True)
    return folder / "site"


def test_engines_find_it(site):
    paths = os.pathsep.join([str(site), str(Path(aotgemm.__file__).parents[1])])
    done = subprocess.run([sys.executable, "-c", FIND], env={"PYTHONPATH": paths}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    points, package = done.stdout.splitlines()
    assert points == "[('aotgemm', 'aotgemm_deepgemm.vllm'), ('aotgemm', 'aotgemm_deepgemm.sglang')]"
    assert package == f"['aotgemm'] {site / 'deep_gemm' / '__init__.py'}"
