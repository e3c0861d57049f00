"""tcgen05.ld and st of every shape and count, against NumPy's view of the lanes and columns that threads hold."""

import numpy as np
import pytest
from machine_kernel import Launch, run_kernel
from machine_tcgen05 import LANES, from_array, lines, to_array, vector, whole, words

MOST = {"32x32b": 128, "16x64b": 128, "16x128b": 64, "16x256b": 32, "16x32bx2": 128}
REGISTERS = {"32x32b": 1, "16x64b": 1, "16x128b": 2, "16x256b": 4, "16x32bx2": 1}
SECOND = 256  # of 16x32bx2: columns between its halves
COLUMNS = 512


def held(shape, repeats):
    """[lane of the window, column] of every thread's registers, columns of 32 bits: [32, registers, 2]."""
    t = np.arange(32)[:, None]
    r = np.arange(REGISTERS[shape] * repeats)[None]
    if shape == "32x32b":
        lane, column = t + 0 * r, 0 * t + r
    elif shape == "16x64b":
        lane, column = 8 * (t & 1) + (t >> 2) + 0 * r, 2 * r + (t >> 1 & 1)
    elif shape == "16x128b":
        lane, column = (t >> 2) + 8 * (r & 1), 4 * (r >> 1) + (t & 3)
    elif shape == "16x256b":
        lane, column = (t >> 2) + 8 * (r >> 1 & 1), 8 * (r >> 2) + 2 * (t & 3) + (r & 1)
    else:
        lane, column = (t & 15) + 0 * r, 0 * t + r
    return lane, column


def places(shape, repeats, start, packs):
    """Lanes of all 128 threads' registers, and the columns of their low and high halves."""
    lane, column = held(shape, repeats)
    lane = np.concatenate([32 * warp + start + lane for warp in range(4)])
    column = np.tile(column * (2 if packs else 1), (4, 1))
    if shape == "16x32bx2":
        column = column + SECOND * (np.arange(LANES)[:, None] % 32 >= 16)
    return lane, column, column + 1


def counts(shape, packs):
    """All numbers of repetitions whose columns there are."""
    limit = SECOND if shape == "16x32bx2" else COLUMNS
    width = {"16x64b": 2, "16x128b": 4, "16x256b": 8}.get(shape, 1) * (2 if packs else 1)
    return [1 << i for i in range(8) if 1 << i <= MOST[shape] and (1 << i) * width <= limit]


CASES = [(shape, start) for shape in MOST for start in ((0,) if shape == "32x32b" else (0, 16))]


@pytest.mark.parametrize("packs", [False, True], ids=["words", "halves"])
@pytest.mark.parametrize(("shape", "start"), CASES)
def test_loads(machine, shape, start, packs):
    memory = words(np.random.default_rng(0), LANES, COLUMNS)
    body, expected = (
        from_array("%rd1", COLUMNS) + lines(f"add.u32 %r20, %r5, {start << 16};\nmul.lo.u32 %r21, %r1, 4;"),
        [],
    )
    body += lines("cvt.u64.u32 %rd9, %r21;\nadd.s64 %rd10, %rd2, %rd9;")
    for repeats in counts(shape, packs):
        registers = REGISTERS[shape] * repeats
        second = f", {SECOND}" if shape == "16x32bx2" else ""
        opcode = f"tcgen05.ld.sync.aligned.{shape}.x{repeats}{'.pack::16b' if packs else ''}.b32"
        body += lines(f"{opcode} {vector(registers)}, [%r20]{second};\ntcgen05.wait::ld.sync.aligned;")
        base = sum(len(e) for e in expected)
        body += "".join(f"\tst.global.u32 [%rd10+{512 * (base + i)}], %t{i};\n" for i in range(registers))
        lane, low, high = places(shape, repeats, start, packs)
        both = memory[lane, low] & 0xFFFF | memory[lane, high] << 16 if packs else memory[lane, low]
        expected.append(both.T)
    expected = np.concatenate(expected)
    arrays = (memory.tobytes(), bytes(expected.nbytes), b"")
    ran = run_kernel(
        machine, Launch(whole(body), arrays[:2] + (bytes(4),), threads=128, shared=64, schedules="in_turn late")
    )
    assert (ran.result, ran.findings) == (0, [])
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[1], np.uint32).reshape(expected.shape), expected)


@pytest.mark.parametrize("packs", [False, True], ids=["words", "halves"])
@pytest.mark.parametrize(("shape", "start"), CASES)
def test_stores(machine, shape, start, packs):
    random = np.random.default_rng(1)
    memory, repeats = words(random, LANES, COLUMNS), counts(shape, packs)[-1]
    registers = REGISTERS[shape] * repeats
    values = words(random, registers, LANES)
    body = from_array("%rd1", COLUMNS) + lines(f"add.u32 %r20, %r5, {start << 16};\nmul.lo.u32 %r21, %r1, 4;")
    body += lines("cvt.u64.u32 %rd9, %r21;\nadd.s64 %rd10, %rd2, %rd9;")
    body += "".join(f"\tld.global.u32 %t{i}, [%rd10+{512 * i}];\n" for i in range(registers))
    second = f", {SECOND}" if shape == "16x32bx2" else ""
    opcode = f"tcgen05.st.sync.aligned.{shape}.x{repeats}{'.unpack::16b' if packs else ''}.b32"
    body += lines(f"{opcode} [%r20]{second}, {vector(registers)};\ntcgen05.wait::st.sync.aligned;") + to_array(
        "%rd3", COLUMNS
    )
    arrays = (memory.tobytes(), values.tobytes(), bytes(memory.nbytes))
    ran = run_kernel(machine, Launch(whole(body), arrays, threads=128, shared=64, schedules="in_turn late"))
    assert (ran.result, ran.findings) == (0, [])
    lane, low, high = places(shape, repeats, start, packs)
    memory[lane, low] = values.T & 0xFFFF if packs else values.T
    if packs:
        memory[lane, high] = values.T >> 16
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[2], np.uint32).reshape(memory.shape), memory)
