"""The installed headers: each may be the first that a program includes, in C and in C++."""

import subprocess
from pathlib import Path

import aotgemm
import pytest

INCLUDE = Path(aotgemm.__file__).parent / "include"
HEADERS = sorted(path.name for path in (INCLUDE / "aotgemm").glob("*.h"))
COMPILERS = {"c": ("cc", "-std=c11"), "c++": ("c++", "-std=c++17")}


def compiled(text, language):
    compiler, standard = COMPILERS[language]
    flags = [standard, "-Wall", "-Wextra", "-Werror", "-fsyntax-only", f"-I{INCLUDE}", "-x", language, "-"]
    return subprocess.run([compiler, *flags], input=text, capture_output=True, text=True)


@pytest.mark.parametrize("language", COMPILERS)
@pytest.mark.parametrize("header", HEADERS)
def test_a_header_may_come_first(header, language):
    done = compiled(f"#include <aotgemm/{header}>\n#include <aotgemm/aotgemm.h>\n", language)
    assert done.returncode == 0, done.stderr


@pytest.mark.parametrize("language", COMPILERS)
def test_a_wrong_type_is_found(language):
    done = compiled(
        "#include <aotgemm/aotgemm.h>\nint main(void) { aotgemm_spec spec = 1; return !spec.name; }\n", language
    )
    assert done.returncode != 0 and "error:" in done.stderr
