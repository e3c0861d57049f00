"""Every PTX file of the build is read; what is unknown is refused by its line."""

import subprocess

import pytest

from codegen.matrix import all_specs

KERNEL = """\
.version 9.0
.target sm_90a
.address_size 64
.visible .entry small(.param .u64 .ptr .global .align 16 out)
{{
\t.reg .b32 %r<3>;
\t.reg .b64 %rd<2>;
\tld.param.u64 %rd1, [out];
\t{instruction}
\tret;
}}
"""


def count_opcodes(machine, *files):
    command = [machine / "aotgemm-ptx", "opcodes", *files]
    return subprocess.run(command, capture_output=True, text=True)


def test_every_kernel_of_the_matrix_is_read(machine, ptx):
    names = {spec.name() for spec in all_specs()}
    files = [ptx / f"{name}.ptx" for name in sorted(names)]
    done = count_opcodes(machine, *files)
    assert done.returncode == 0, done.stderr
    counts = {opcode: int(times) for times, opcode in (line.split("\t") for line in done.stdout.splitlines())}
    assert counts["ret"] >= len(names)
    assert any(opcode.startswith("wgmma.mma_async") for opcode in counts)


@pytest.mark.parametrize(
    ("instruction", "words"),
    [
        ("add.s32 %r1, %r2, 1;", ""),
        ("stmatrix.sync.aligned.m8n8.x2.trans.shared.b16 [%r1], {%r1, %r2};", ""),
        ("stmatrix.sync.aligned.x2.m8n8.shared.b16.trans [%r1], {%r1, %r2};", ""),
        ("ldmatrix.sync.aligned.x2.m8n8.shared.b16 {%r1, %r2}, [%r1];", ""),
        ("frobnicate.u32 %r1, %r2;", "PTX line 9: unknown instruction 'frobnicate.u32'"),
        ("add.s31 %r1, %r2, 1;", "PTX line 9: unknown instruction 'add.s31'"),
        ("add.s32 %r1, %r2;", "PTX line 9: expected 3 operands, found 2 in 'add.s32'"),
        ("add.s32 %r1, %rd1, 1;", "PTX line 9: register %rd1 has another width in 'add.s32'"),
        ("add.s32 %r1, %r7, 1;", "PTX line 9: an operand is neither a register nor a constant in 'add.s32'"),
        ("bra $nowhere;", "PTX line 9: no label '$nowhere'"),
        ("mov.u32 %r1, %smid;", "PTX line 9: unknown special register '%smid' in 'mov.u32'"),
        ("wgmma.wait_group.sync.aligned %r1;", "PTX line 9: an operand is not a constant in 'wgmma.wait_group"),
    ],
)
def test_what_is_unknown_is_refused_by_its_line(machine, tmp_path, instruction, words):
    file = tmp_path / "small.ptx"
    file.write_text(KERNEL.format(instruction=instruction))
    done = count_opcodes(machine, file)
    assert done.returncode == (1 if words else 0)
    assert words in done.stderr
