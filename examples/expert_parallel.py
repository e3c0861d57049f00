"""A mixture-of-experts layer whose experts are spread over processes: the same bits on any number of them.

    python examples/expert_parallel.py --ranks 4          # processes of this machine, gloo, on the CPU
    torchrun --nproc-per-node 2 examples/expert_parallel.py --device cuda   # one GPU each, NCCL
    python examples/expert_parallel.py --ranks 4 --device cuda --backend gloo   # ranks share GPUs, which NCCL refuses

Each rank has some of the tokens and some of the experts. Tokens are quantised before they travel, so that a row is the
same bytes wherever it is computed; experts' outputs come back for each slot of a token and are added by its owner in
the order of slots. Nothing is added on the way: the order would depend on the number of ranks.
"""

import argparse
import hashlib
import math
import os
import tempfile

import aotgemm
import torch
import torch.distributed as dist
from aotgemm.torch import fp8_grouped_linear
from aotgemm.torch.experts import silu_and_multiply, sorted_by_expert, summed_by_slot

EXPERTS, SLOTS, HIDDEN, INTERMEDIATE, TOKENS = 8, 2, 256, 128, 50


def share(count, rank, ranks):
    """The part of a range that a rank owns."""
    return torch.arange(count).tensor_split(ranks)[rank]


def weights_of(experts, device):
    """gate_up and down of these experts in FP8, with their scales; an expert's depend on its number alone."""
    stacks = []
    for place, (n, k) in enumerate(((2 * INTERMEDIATE, HIDDEN), (HIDDEN, INTERMEDIATE))):
        pairs = []
        for expert in experts.tolist():
            generator = torch.Generator().manual_seed(2 * expert + place)
            weight = torch.randn(n, k, generator=generator).bfloat16() / k**0.5
            pairs.append(aotgemm.per_block_cast_to_fp8(weight.to(device), use_ue8m0=False))
        stacks.append(torch.stack([q.view(torch.uint8) for q, _ in pairs]).view(torch.float8_e4m3fn))
        stacks.append(torch.stack([scales for _, scales in pairs]))
    return stacks


def tokens_of(rows, device):
    """Hidden states of these tokens, the experts of their slots, and the slots' weights."""
    generator = torch.Generator().manual_seed(100)
    hidden = torch.randn(TOKENS, HIDDEN, generator=generator).bfloat16()
    weights, index = torch.randn(TOKENS, EXPERTS, generator=generator).softmax(-1).topk(SLOTS)
    return (each[rows].to(device) for each in (hidden, index, weights))


def all_to_all(out, given, *counts):
    """As torch.distributed.all_to_all_single, which gloo has for memory of the host alone."""
    if dist.get_backend() == "nccl" or out.device.type == "cpu":
        return dist.all_to_all_single(out, given, *counts)
    on_host = torch.empty_like(out, device="cpu")
    dist.all_to_all_single(on_host, given.cpu(), *counts)
    out.copy_(on_host)


def exchange(rows, sent, received):
    """Rows to and from all ranks, `sent` and `received` counting them. They travel as bytes: gloo carries no FP8."""
    flat = rows.reshape(rows.shape[0], math.prod(rows.shape[1:])).view(torch.uint8)
    out = flat.new_empty(sum(received), flat.shape[1])
    all_to_all(out, flat, received, sent)
    return out.view(rows.dtype).view(-1, *rows.shape[1:])


def layer(hidden, index, weights, gate_up, gate_up_scale, down, down_scale):
    """BF16 [tokens, HIDDEN] of this rank's tokens."""
    ranks, rank = dist.get_world_size(), dist.get_rank()
    first = torch.tensor([int(share(EXPERTS, each, ranks)[0]) for each in range(ranks)], device=index.device)
    owner = torch.searchsorted(first, index.flatten(), right=True) - 1
    order = torch.sort(owner, stable=True).indices
    sent = torch.bincount(owner, minlength=ranks)
    received = torch.empty_like(sent)
    all_to_all(received, sent)
    counts = sent.tolist(), received.tolist()

    q, scales = aotgemm.per_token_cast_to_fp8(hidden, use_ue8m0=False)
    token = order // SLOTS
    q = exchange(q.view(torch.uint8)[token], *counts).view(torch.float8_e4m3fn)
    scales, experts = exchange(scales[token], *counts), exchange(index.flatten()[order], *counts)

    by_expert, ends = sorted_by_expert(experts - first[rank], gate_up.shape[0])
    rows = q.view(torch.uint8)[by_expert].view(torch.float8_e4m3fn), scales[by_expert]
    inner = silu_and_multiply(fp8_grouped_linear(rows, gate_up, gate_up_scale, ends))
    outer = fp8_grouped_linear(inner, down, down_scale, ends)

    as_received = torch.empty_like(outer)
    as_received[by_expert] = outer
    slots = torch.empty(order.shape[0], HIDDEN, dtype=torch.bfloat16, device=hidden.device)
    slots[order] = exchange(as_received, *reversed(counts))
    return summed_by_slot(slots.view(-1, SLOTS, HIDDEN), weights)


def digest(out):
    """sha256 of all tokens' outputs, which the ranks hand to each other."""
    parts = [None] * dist.get_world_size()
    dist.all_gather_object(parts, out.cpu().view(torch.uint8).numpy().tobytes())
    return hashlib.sha256(b"".join(parts)).hexdigest()


def run(device):
    """On every rank, with a group of processes there."""
    rank, ranks = dist.get_rank(), dist.get_world_size()
    out = layer(*tokens_of(share(TOKENS, rank, ranks), device), *weights_of(share(EXPERTS, rank, ranks), device))
    found = digest(out)
    if rank == 0:
        print(f"{ranks} ranks on {device}: sha256 {found}", flush=True)


def one_of(rank, ranks, address, device, backend):
    torch.set_num_threads(1)
    if device == "cuda":  # before the group of processes is made: NCCL takes the current device
        torch.cuda.set_device(int(os.environ.get("LOCAL_RANK", rank)) % torch.cuda.device_count())
    dist.init_process_group(backend, init_method=address, rank=rank, world_size=ranks)
    run(device)
    dist.destroy_process_group()


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n")[0])
    parser.add_argument("--ranks", type=int, default=2, help=f"processes to start, up to {EXPERTS}; not under torchrun")
    parser.add_argument("--device", choices=("cpu", "cuda"), default="cpu")
    parser.add_argument("--backend", choices=("gloo", "nccl"), help="default: gloo on CPUs, nccl on GPUs")
    given = parser.parse_args()
    backend = given.backend or ("nccl" if given.device == "cuda" else "gloo")
    if "RANK" in os.environ:
        return one_of(int(os.environ["RANK"]), int(os.environ["WORLD_SIZE"]), "env://", given.device, backend)
    with tempfile.TemporaryDirectory() as folder:
        address = f"file://{folder}/ranks"
        torch.multiprocessing.spawn(one_of, (given.ranks, address, given.device, backend), nprocs=given.ranks)


if __name__ == "__main__":
    main()
