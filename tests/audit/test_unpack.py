"""A source distribution is unpacked whole, on every Python; one that reaches beyond its folder is not."""

import gzip
import io
import tarfile

import pytest
from aotgemm.audit.rebuild import source_tree
from aotgemm.audit.unpack import unpack
from aotgemm.errors import PlanError

WHOLE = {"x-1/a": b"1", "x-1/b/c": b"23", "x-1/empty": b""}


def packed(path, *entries):
    """An archive of (a name, a type, what a link points to or the bytes of a file)."""
    with tarfile.open(path, "w:gz") as archive:
        for name, kind, content in entries:
            entry = tarfile.TarInfo(name)
            entry.type, data = kind, content if isinstance(content, bytes) else b""
            entry.linkname, entry.size = content if isinstance(content, str) else "", len(data)
            archive.addfile(entry, io.BytesIO(data))
    return path


def files_below(folder):
    return {path.relative_to(folder).as_posix(): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_folders_and_files(tmp_path):
    entries = [(name, tarfile.REGTYPE, data) for name, data in WHOLE.items()]
    archive = packed(tmp_path / "x-1.tar.gz", ("x-1", tarfile.DIRTYPE, b""), *entries)
    unpack(archive, tmp_path / "out")
    assert files_below(tmp_path / "out") == WHOLE
    with source_tree(archive) as tree:
        assert (tree.name, files_below(tree)) == ("x-1", {name[4:]: data for name, data in WHOLE.items()})


REFUSED = {
    "a file above": ("../above", tarfile.REGTYPE, b"1"),
    "a file above, from within": ("x-1/../../above", tarfile.REGTYPE, b"1"),
    "a file of the system": ("/above", tarfile.REGTYPE, b"1"),
    "a link": ("x-1/link", tarfile.SYMTYPE, ".."),
    "a second name": ("x-1/link", tarfile.LNKTYPE, "../above"),
    "a device": ("x-1/device", tarfile.CHRTYPE, b""),
    "a pipe": ("x-1/pipe", tarfile.FIFOTYPE, b""),
}


@pytest.mark.parametrize("what", REFUSED)
def test_refused(what, tmp_path):
    archive = packed(tmp_path / "x-1.tar.gz", REFUSED[what])
    with pytest.raises(PlanError, match="neither a folder nor a source distribution: it holds '.*', which"):
        with source_tree(archive):
            pass
    (tmp_path / "a").mkdir()
    with pytest.raises(ValueError):
        unpack(archive, tmp_path / "a")
    assert {path.name for path in tmp_path.rglob("*")} <= {"x-1.tar.gz", "a", "x-1"}


def test_sizes_without_end(tmp_path):
    bomb = tmp_path / "bomb.tar.gz"
    bomb.write_bytes(b"".join([gzip.compress(bytes(1 << 20))] * 257))
    with pytest.raises(PlanError, match="it has more than 268435456 bytes"), source_tree(bomb):
        pass
    sparse = tarfile.TarInfo("x-1/sparse")
    sparse.type, sparse.size = tarfile.GNUTYPE_SPARSE, 1 << 40
    bomb.write_bytes(gzip.compress(sparse.tobuf(tarfile.GNU_FORMAT) + bytes(1024)))
    with pytest.raises(PlanError, match="sparse"), source_tree(bomb):
        pass
