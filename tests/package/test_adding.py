"""docs/adding.md lists what its examples are made of: the files that name an example in code, no more and no fewer."""

import re
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
FOLDERS = ("codegen", "cpp", "python")  # tests are listed too, but more of them use an example than it takes to add it
KINDS = (".cpp", ".cuh", ".h", ".hpp", ".in", ".py", ".txt")
COMMENTS = {".py": r'"""(?s:.*?)"""|(?<!["\w])#[^"\n]*$', ".txt": r"^#.*"}
COMMENTS_OF_CPP = r"//.*|/\*(?s:.*?)\*/"
# Other names and signatures of calls there are, and their operators in PyTorch.
NO_STEP = ("python/aotgemm/compat/", "python/aotgemm/torch/")

# By section of the page: what its example is called in code.
EXAMPLES = {
    "A family that multiplies": (
        *("fp8_gemm_1d1d", "Fp8Gemm1d1d", "aotgemm_fp8_gemm_nt_1d1d", "k_grouped_fp8_gemm_nt_contiguous"),
    ),
    "A family that converts": ("transpose_sf", "sf_to_mn_major", "get_mn_major_tma_aligned_tensor"),
    "Weights that are packed before the call": ("fp4_words", "Fp4Weights", "FP4_WORDS"),
    "A family on another architecture": ("sm100/bf16_gemm", "sm100::launch_bf16_gemm"),
    "A public call on kernels there are": ("k_grouped_fp8_gemm_nt_contiguous",),
}


@cache
def section(title):
    page = (ROOT / "docs" / "adding.md").read_text(encoding="utf-8")
    return page.split(f"## {title}\n")[1].split("\n## ")[0]


def listed(text):
    """The files at the beginning of numbered lines; of a folder all that it holds."""
    steps = re.findall(r"^\d+\. (`[^:\n]+`)", text, re.MULTILINE)
    paths = [ROOT / name for step in steps for name in re.findall(r"`([^`]+)`", step)]
    files = [file for path in paths for file in (path.iterdir() if path.is_dir() else [path])]
    return {path.relative_to(ROOT).as_posix() for path in files}


@cache
def code():
    """Every source file without its comments, and the README, by path."""
    paths = [path for top in FOLDERS for path in (ROOT / top).rglob("*") if path.suffix in KINDS]
    texts = {path.relative_to(ROOT).as_posix(): (path.suffix, path.read_text(encoding="utf-8")) for path in paths}
    stripped = {
        name: re.sub(COMMENTS.get(kind, COMMENTS_OF_CPP), "", text, flags=re.MULTILINE)
        for name, (kind, text) in texts.items()
    }
    return stripped | {"README.md": (ROOT / "README.md").read_text(encoding="utf-8")}


def naming(names):
    """Files that name one of them, or are called so."""
    found = {path for path, text in code().items() if any(name in text or name in path for name in names)}
    return {path for path in found if not path.startswith(NO_STEP)}


@pytest.mark.parametrize("title", EXAMPLES)
def test_a_section_lists_every_file_of_its_example(title):
    assert {path for path in listed(section(title)) if not path.startswith("tests/")} == naming(EXAMPLES[title])


@pytest.mark.parametrize("title", EXAMPLES)
def test_the_tests_that_a_section_lists_are_its_examples(title):
    tests = {path for path in listed(section(title)) if path.startswith("tests/")}
    assert tests
    for path in tests:
        text = path + (ROOT / path).read_text(encoding="utf-8")
        assert any(name.rpartition("/")[2] in text for name in EXAMPLES[title]), path


@pytest.mark.parametrize("title", ["A family that multiplies", "A family that converts"])
def test_the_page_counts_what_it_lists(title):
    text = section(title)
    new, edited = text.split("\nNew:\n")[1].split("\nEdited", 1)
    edited = edited.split("\nThese use the example")[0]
    assert f"{len(listed(new))} new and {len(listed(edited))} edited files" in text


def test_comments_and_docstrings_are_not_code():
    assert naming(["transpose_sf"]) < naming(["transpose_sf", "get_mn_major_tma_aligned_tensor"])
    assert "python/aotgemm/ops/fp8_gemm.py" not in naming(["get_mn_major_tma_aligned_tensor"])
    assert "cpp/kernels/sm90/epilogue/store_warp.cuh" not in naming(["fp8_gemm_1d1d"])
    assert "python/aotgemm/ops/fp8_gemm.py" in naming(["fp8_gemm_1d1d"])
