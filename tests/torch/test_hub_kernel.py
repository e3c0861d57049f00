"""The folder that stands in for a kernel of Hugging Face's Hub."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import aotgemm
import pytest
from aotgemm.cli import main
from aotgemm.torch import transformers as integration

FOLDER = Path(aotgemm.__file__).parent / "torch" / "hub_kernel"
REPOSITORY = "kernels-community/finegrained-fp8"


def test_the_command_prints_where_it_is(capsys):
    with pytest.raises(SystemExit) as stopped:
        main(["--local-kernels"])
    assert stopped.value.code == 0 and capsys.readouterr().out == f"{REPOSITORY}={FOLDER}\n"


def test_it_can_be_loaded_by_its_path_and_id():
    metadata = json.loads((FOLDER / "metadata.json").read_text())
    spec = importlib.util.spec_from_file_location(metadata["id"], FOLDER / "__init__.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    ours = integration.matmul, integration.batched_matmul, integration.grouped_matmul
    assert (module.matmul_2d, module.matmul_batched, module.matmul_grouped) == ours


# Of the version of `kernels` that transformers asks for there may be none to install.
CALL = """
import torch, transformers.utils
from transformers.utils import import_utils
import_utils.is_kernels_available = transformers.utils.is_kernels_available = lambda *given, **named: True
from transformers.integrations import finegrained_fp8
import aotgemm
from aotgemm.torch import fp8_linear
layer = finegrained_fp8.FP8Linear(256, 576, block_size=(128, 128))
layer.weight.data, layer.weight_scale_inv.data = aotgemm.per_block_cast_to_fp8(torch.randn(576, 256), use_ue8m0=False)
x = torch.randn(5, 256, dtype=torch.bfloat16)
print(torch.equal(layer(x), fp8_linear(x, layer.weight, layer.weight_scale_inv)))
print(finegrained_fp8.load_finegrained_fp8_kernel().matmul.__module__)
"""


def test_transformers_finds_it_without_a_network():
    pytest.importorskip("transformers")
    pytest.importorskip("kernels")
    path = os.pathsep.join(filter(None, sys.path))
    told = {"LOCAL_KERNELS": f"{REPOSITORY}={FOLDER}", "HF_HUB_OFFLINE": "1", "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", CALL], env=os.environ | told, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["True", "aotgemm.torch.transformers"]
