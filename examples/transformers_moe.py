"""An FP8 mixture-of-experts model of Hugging Face transformers on aotgemm, on the CPU or a GPU.

    python examples/transformers_moe.py [--device cuda]

Writes a tiny Qwen3-MoE checkpoint in FP8 blocks as the public ones have them, loads it, generates, and compares the
logits of a prompt alone with those in a batch of 8, bit for bit. No network, nvcc or Hub kernel is used. Needs
transformers (written for 5.24), accelerate and safetensors.
"""

import argparse
import json
import tempfile
from pathlib import Path

import aotgemm
import aotgemm.torch.transformers
import torch

PROMPTS, LENGTH, NEW = 8, 12, 5
QUANTIZATION = {
    "quant_method": "fp8",
    "fmt": "e4m3",
    "activation_scheme": "dynamic",
    "weight_block_size": [128, 128],
    "modules_to_not_convert": ["lm_head"],
}


def write_checkpoint(folder):
    """A model of random weights, its projections in FP8 with one scale per 128 x 128 block."""
    from safetensors.torch import load_file, save_file
    from transformers import Qwen3MoeConfig, Qwen3MoeForCausalLM

    torch.manual_seed(0)
    config = Qwen3MoeConfig(
        vocab_size=512,
        hidden_size=256,
        intermediate_size=256,
        moe_intermediate_size=128,
        num_hidden_layers=2,
        num_attention_heads=4,
        num_key_value_heads=2,
        head_dim=64,
        num_experts=4,
        num_experts_per_tok=2,
        dtype="bfloat16",
    )
    Qwen3MoeForCausalLM(config).bfloat16().save_pretrained(folder)
    path = folder / "model.safetensors"
    tensors = {}
    for name, tensor in load_file(path).items():
        if name.endswith("_proj.weight"):
            tensors[name], tensors[f"{name}_scale_inv"] = aotgemm.per_block_cast_to_fp8(tensor, use_ue8m0=False)
        else:
            tensors[name] = tensor
    save_file(tensors, path, metadata={"format": "pt"})
    config_path = folder / "config.json"
    config_path.write_text(json.dumps(json.loads(config_path.read_text()) | {"quantization_config": QUANTIZATION}))


def load(folder, device):
    """The model, its FP8 layers computing by aotgemm."""
    from transformers import AutoModelForCausalLM

    aotgemm.torch.transformers.enable()
    return AutoModelForCausalLM.from_pretrained(folder, dtype=torch.bfloat16, device_map=device).eval()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    device = parser.parse_args().device
    with tempfile.TemporaryDirectory() as folder:
        write_checkpoint(Path(folder))
        model = load(folder, device)
    layers = sorted({type(module).__name__ for module in model.modules() if type(module).__name__.startswith("FP8")})
    prompts = torch.randint(512, (PROMPTS, LENGTH), generator=torch.Generator().manual_seed(1)).to(device)
    with torch.no_grad():
        together = model(prompts).logits
        equal = all(torch.equal(model(prompts[i : i + 1]).logits[0], together[i]) for i in range(PROMPTS))
    tokens = model.generate(prompts[:1], max_new_tokens=NEW, min_new_tokens=NEW, do_sample=False)
    print(f"layers: {', '.join(layers)}")
    print(f"generated {tokens.shape[1] - LENGTH} tokens")
    print(f"logits alone and in a batch of {PROMPTS}: {'equal' if equal else 'different'}")


if __name__ == "__main__":
    main()
