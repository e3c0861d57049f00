"""The headers of a kernel, and the hash over them."""

from pathlib import Path

import pytest

from codegen.compile.includes import MissingHeaderError, included_headers, source_hash


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    (tmp_path / "a").mkdir()
    (tmp_path / "a" / "one.cuh").write_text('#pragma once\n#include "two.cuh"\n#include <cstdint>\n')
    (tmp_path / "two.cuh").write_text('#  include "a/one.cuh"  // a cycle that #pragma once ends\n')
    (tmp_path / "k.cu").write_text('#include "a/one.cuh"\n// #include "unused.cuh"\n')
    return tmp_path


def test_headers_are_followed(tree: Path) -> None:
    assert included_headers(tree / "k.cu", [tree]) == {"a/one.cuh": tree / "a" / "one.cuh", "two.cuh": tree / "two.cuh"}


def test_a_missing_header_is_named(tree: Path) -> None:
    (tree / "two.cuh").unlink()
    with pytest.raises(MissingHeaderError, match="one.cuh includes 'two.cuh'"):
        included_headers(tree / "k.cu", [tree])


def test_hash_follows_contents_and_not_folders(tree: Path, tmp_path_factory: pytest.TempPathFactory) -> None:
    first = source_hash(tree / "k.cu", [tree])
    moved = tree.rename(tmp_path_factory.mktemp("other") / "place")
    assert source_hash(moved / "k.cu", [moved]) == first
    (moved / "two.cuh").write_text("int changed;\n")
    assert source_hash(moved / "k.cu", [moved]) != first


def test_hash_holds_the_version_of_cutlass_where_it_is_included(tree: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    without = source_hash(tree / "k.cu", [tree])
    (tree / "two.cuh").write_text("# include <cute/arch/config.hpp>\n")
    theirs = source_hash(tree / "k.cu", [tree])
    monkeypatch.setattr("codegen.compile.includes.PINNED_CUTLASS", "9.9.9")
    assert source_hash(tree / "k.cu", [tree]) != theirs
    (tree / "two.cuh").write_text('#  include "a/one.cuh"  // a cycle that #pragma once ends\n')
    assert source_hash(tree / "k.cu", [tree]) == without
