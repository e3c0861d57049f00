"""The README's path of a call is the one that a call takes: a line a file, from the public function to the kernel."""

import re
from pathlib import Path

from codegen.write.gemm_families import gemm_families

ROOT = Path(__file__).parents[2]
STEP = re.compile(r"^(\d+)\. `([^`]+)`", re.MULTILINE)
LAUNCH = "cuLaunchKernelEx("


def path_of_a_call():
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    steps = STEP.findall(readme.split("## The path of a call")[1].split("\n## ")[0])
    assert [int(number) for number, _ in steps] == list(range(1, len(steps) + 1))
    return [path for _, path in steps]


def text_of(path):
    return (ROOT / path).read_text(encoding="utf-8")


def imports(one, two):
    """Python: the module by name."""
    lines = re.findall(r"^\s*from \.[^\n(]* import (?:\([^)]*\)|[^\n]*)", text_of(one), re.MULTILINE)
    return two.endswith(".py") and any(re.search(rf"\b{Path(two).stem}\b", line) for line in lines)


def calls_binding(one, two):
    """Python to C++: a function of _core that `two` gives a name to."""
    return any(f'"{name}"' in text_of(two) for name in re.findall(r"\b_core\.(\w+)", text_of(one)))


def calls_c_abi(one, two):
    """A function of the C ABI that `two` defines."""
    called = set(re.findall(r"\b(aotgemm_\w+)\(", text_of(one)))
    return bool(called & set(re.findall(r"^\w+ (aotgemm_\w+)\(", text_of(two), re.MULTILINE)))


def includes(one, two):
    """C++: `two`, or the header of that source."""
    stem = f"/{two.rpartition('.')[0]}"
    names = re.findall(r'#include "([^"]+)"', text_of(one))
    return any(stem.endswith("/" + name.rpartition(".")[0]) for name in names)


def names_function(one, two):
    """C++: a function that `two` defines and `one` names, such as a launcher in a table."""
    defined = re.findall(r"^(?:void|bool) (\w+)\([^;]*?\) \{$", text_of(two), re.MULTILINE | re.DOTALL)
    return two.endswith(".cpp") and any(re.search(rf"::{name}\b", text_of(one)) for name in defined)


def lists(one, two):
    """Host to a family's row: `one` looks through the generated list, and `two` defines a row of it."""
    rows = re.findall(r"^extern (?:constinit )?const GemmFamily (\w+)(?:\{| = )", text_of(two), re.MULTILINE)
    return "kGemmFamilies" in text_of(one) and bool(rows) and set(rows) <= set(gemm_families())


def launches(one, two):
    """Host to device: `one` launches kernels, and a generated source is made of `two`."""
    templates = [path.relative_to(ROOT) for path in (ROOT / "codegen" / "templates").rglob("*.cu.in")]
    return LAUNCH in text_of(one) and any(includes(path, two) for path in templates)


def is_linked(one, two):
    if one.endswith(".py"):
        return imports(one, two) or (not two.endswith(".py") and calls_binding(one, two))
    return any(link(one, two) for link in (calls_c_abi, includes, names_function, lists, launches))


def unlinked(path):
    """Files that none before them leads to. What a file is handed by one before it, it calls without naming it."""
    return [two for i, two in enumerate(path[1:], 1) if not any(is_linked(one, two) for one in path[:i])]


def test_every_file_is_reached_from_those_before_it():
    path = path_of_a_call()
    assert [name for name in path if not (ROOT / name).is_file()] == []
    assert unlinked(path) == []


def test_it_leads_from_the_public_function_to_the_kernel():
    first, *_, launcher, kernel = path_of_a_call()
    assert first.startswith("python/aotgemm/ops/") and "\ndef fp8_gemm_nt(" in text_of(first)
    assert LAUNCH in text_of(launcher)
    assert kernel.startswith("cpp/kernels/sm90/") and "template <class Config>" in text_of(kernel)


def test_no_file_can_be_left_out():
    """Without any one of its C++ files the path has a gap."""
    path = path_of_a_call()
    between = [name for name in path[:-1] if name.startswith("cpp/")]
    assert len(between) >= 4
    for name in between:
        assert unlinked([other for other in path if other != name]), name
