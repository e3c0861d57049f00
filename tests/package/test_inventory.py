"""What the library says it holds is what it holds."""

import hashlib

from aotgemm import _core


def test_names_are_unique():
    names = [cubin["name"] for cubin in _core.cubins()]
    assert len(names) == len(set(names)) > 0


def test_kernel_indices_count_up():
    assert [spec["kernel"] for spec in _core.specs()] == list(range(len(_core.specs())))


def test_every_spec_is_one_cubin():
    cubins = {cubin["name"]: cubin for cubin in _core.cubins()}
    for spec in _core.specs():
        cubin = cubins[spec["name"]]
        assert (cubin["arch"], cubin["sha256"]) == (spec["arch"], spec["sha256"])


def test_cubins_hash_to_what_is_listed():
    for cubin in _core.cubins():
        data = _core.cubin_bytes(cubin["name"], cubin["arch"])
        assert len(data) == cubin["size"]
        assert hashlib.sha256(data).hexdigest() == cubin["sha256"]
