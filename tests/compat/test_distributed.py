"""deep_gemm.utils.dist on gloo."""

import socket
import subprocess
import sys
from pathlib import Path

import aotgemm

CODE = """
import sys, torch, deep_gemm
from deep_gemm.utils.dist import dist_print, init_dist, uneven_all_gather
rank, ranks, group = init_dist(int(sys.argv[1]), 2)
mine = torch.arange(4.0 * (rank + 1)).view(2, -1).to(torch.float8_e4m3fn)
print(ranks, uneven_all_gather(mine, dim=1, group=group).float().tolist())
print(uneven_all_gather(torch.full((rank, 3), rank), group=group).tolist())
dist_print("once", once_in_node=True)
"""
EXPECTED = "2 [[0.0, 1.0, 0.0, 1.0, 2.0, 3.0], [2.0, 3.0, 4.0, 5.0, 6.0, 7.0]]\n[[1, 1, 1]]\n"


def test_uneven_parts_are_joined_in_the_order_of_ranks():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        port = listener.getsockname()[1]
    folders = f"{Path(__file__).parents[2] / 'compat'}:{Path(aotgemm.__file__).parents[1]}"
    environment = {"PYTHONPATH": folders, "MASTER_PORT": str(port)}
    command = [sys.executable, "-c", CODE]
    ranks = [
        subprocess.Popen([*command, str(rank)], env=environment, stdout=subprocess.PIPE, text=True) for rank in range(2)
    ]
    outputs = [process.communicate(timeout=120)[0] for process in ranks]
    assert outputs == [EXPECTED + "once\n", EXPECTED]
