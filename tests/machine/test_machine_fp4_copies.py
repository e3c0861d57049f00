"""Bulk tensor copies of packed 4-bit elements, with and without gaps, and the driver's rules for their maps."""

from dataclasses import replace

import numpy as np
import pytest
from machine_kernel import Launch, Map, run_kernel
from test_machine_bulk_copies import LOAD, READ, STORE, WRITE

PACKED, WITH_GAPS = 13, 14  # CU_TENSOR_MAP_DATA_TYPE_16U4_ALIGN8B, _ALIGN16B
INVALID_VALUE = 1
ROWS, COLUMNS = 20, 512

# The words of each 16 bytes that hold elements: the other two are gaps.
ELEMENTS = """
\tand.b32 %r9, %r5, 2;
\tsetp.ne.u32 %p4, %r9, 0;
\tmov.u32 %r8, 0;
\t@!%p4 ld.shared.u32 %r8, [%r7];
\tst.global.u32 [%rd4], %r8;
"""


def packed_tensor(rows=ROWS):
    return np.random.default_rng(0).integers(0, 256, (rows, COLUMNS // 2), np.uint8)


def map_of(type_, box, swizzle, **how):
    return Map(1, type_, (COLUMNS, ROWS), (COLUMNS // 2,), box, swizzle, **how)


def load(tensor, tensor_map, at, room, expected, move=READ, **how):
    """The box's room in shared memory, `room` bytes, to the first array."""
    words = room // 4
    text = LOAD.replace("_, [%r3], {bytes};", "_, [%r3], {expected};")
    fill = {"bytes": room, "words": words, "rank": 2, "at": f"{at[0]}, {at[1]}", "move": move, "expected": expected}
    arrays = bytes(room), tensor.tobytes()
    return Launch(text.format(**fill), arrays, (tensor_map,), shared=room + 8, **how)


def box_of(tensor, at, columns, rows):
    """The bytes of the box, zero beyond the tensor."""
    inside = tensor[at[1] : at[1] + rows, at[0] // 2 : (at[0] + columns) // 2]
    out = np.zeros((rows, columns // 2), np.uint8)
    out[: inside.shape[0], : inside.shape[1]] = inside
    return out


def swizzled(lines, swizzle):
    """Lines of 128 bytes as a swizzle leaves them: of 16-byte pieces by three bits of the line, or of 32 by two."""
    piece, bits = {0: (16, 0), 3: (16, 7), 4: (32, 3)}[swizzle]
    pieces = lines.reshape(len(lines), -1, piece)
    out = np.empty_like(pieces)
    for line in range(len(lines)):
        out[line, np.arange(pieces.shape[1]) ^ (line & bits)] = pieces[line]
    return out.reshape(lines.shape)


@pytest.mark.parametrize("swizzle", [0, 3, 4])
@pytest.mark.parametrize("at", [(0, 0), (128, 3), (384, 15), (512, 0)])
def test_a_load_with_gaps_has_8_bytes_of_elements_in_each_16(machine, at, swizzle):
    tensor, rows = packed_tensor(), 8
    kernel = load(tensor, map_of(WITH_GAPS, (128, rows), swizzle), at, 128 * rows, 64 * rows, ELEMENTS)
    ran = run_kernel(machine, kernel)
    assert (ran.result, ran.findings) == (0, [])
    wanted = np.zeros((rows, 8, 16), np.uint8)
    wanted[:, :, :8] = box_of(tensor, at, 128, rows).reshape(rows, 8, 8)
    wanted = swizzled(wanted.reshape(rows, 128), swizzle)
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.uint8).reshape(rows, 128), wanted)


def test_gaps_hold_nothing(machine):
    kernel = load(packed_tensor(), map_of(WITH_GAPS, (128, 8), 3), (0, 0), 1024, 512)
    assert run_kernel(machine, kernel).kinds() == {"uninitialised"}


@pytest.mark.parametrize(("type_", "expected"), [(WITH_GAPS, 1024), (PACKED, 1024)])
def test_packed_bytes_are_what_arrives(machine, type_, expected):
    """64 bytes a row of 128 elements, however much room the row takes."""
    kernel = load(packed_tensor(), map_of(type_, (128, 8), 0), (0, 0), 1024, expected, ELEMENTS)
    assert run_kernel(machine, kernel).kinds() == {"deadlock"}


@pytest.mark.parametrize(("columns", "swizzle"), [(32, 0), (128, 0), (256, 3)])
@pytest.mark.parametrize("at", [(0, 0), (96, 5), (480, 14)])
def test_a_packed_load_has_no_gaps(machine, at, columns, swizzle):
    tensor, rows = packed_tensor(), 8
    room = rows * columns // 2
    ran = run_kernel(machine, load(tensor, map_of(PACKED, (columns, rows), swizzle), at, room, room))
    assert (ran.result, ran.findings) == (0, [])
    wanted = swizzled(box_of(tensor, at, columns, rows), swizzle)
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[0], np.uint8).reshape(wanted.shape), wanted)


def store(tensor_map):
    fill = {"bytes": 1024, "words": 256, "rank": 2, "at": "256, 16", "move": WRITE}
    contents = np.arange(1024, dtype=np.uint32).astype(np.uint8)
    return contents, Launch(
        STORE.format(**fill), (contents.tobytes(), packed_tensor().tobytes()), (tensor_map,), shared=1024
    )


def test_a_packed_store(machine):
    contents, kernel = store(map_of(PACKED, (256, 8), 0))
    ran = run_kernel(machine, kernel)
    assert (ran.result, ran.findings) == (0, [])
    wanted = packed_tensor()
    wanted[16:, 128:] = contents.reshape(8, 128)[:4]
    np.testing.assert_array_equal(np.frombuffer(ran.arrays[1], np.uint8).reshape(wanted.shape), wanted)


def test_a_map_with_gaps_is_for_loads_alone(machine):
    ran = run_kernel(machine, store(map_of(WITH_GAPS, (128, 8), 0))[1])
    assert ran.kinds() == {"tma"} and ran.result != 0


@pytest.mark.parametrize(("type_", "at"), [(WITH_GAPS, (64, 0)), (WITH_GAPS, (32, 0)), (PACKED, (16, 0))])
def test_where_a_box_may_start(machine, type_, at):
    kernel = load(packed_tensor(), map_of(type_, (128, 8), 0), at, 1024, 512, ELEMENTS)
    assert run_kernel(machine, kernel).kinds() == {"tma"}


SOUND = Map(1, WITH_GAPS, (COLUMNS, ROWS), (COLUMNS // 2,), (128, 8), 3)
PACKED_MAP = replace(SOUND, type=PACKED)


@pytest.mark.parametrize(
    ("tensor_map", "words"),
    [
        (replace(SOUND, sizes=(480, ROWS)), "the size of dimension 0 is 480, no multiple of 128"),
        (replace(SOUND, box=(64, 8)), "the box of dimension 0 has 64 elements, not 128"),
        (replace(SOUND, box=(256, 8)), "the box of dimension 0 has 256 elements, not 128"),
        (replace(SOUND, strides=(272,)), "the stride of dimension 1 is 272 bytes, no multiple of 32 below 2^40"),
        (replace(SOUND, offset=16), "the address is no multiple of 32"),
        (replace(SOUND, swizzle=1), "swizzle 1 does not go with gaps"),
        (replace(SOUND, swizzle=2), "swizzle 2 does not go with gaps"),
        (replace(SOUND, fill=1), "4-bit elements cannot be filled with NaN"),
        (replace(PACKED_MAP, sizes=(511, ROWS)), "the size of dimension 0 is 511, which is odd"),
        (replace(PACKED_MAP, strides=(264,)), "the stride of dimension 1 is 264 bytes, no multiple of 16 below 2^40"),
        (replace(PACKED_MAP, box=(16, 8)), "a row of the box has 8 bytes, no multiple of 16"),
        (replace(PACKED_MAP, box=(256, 8), swizzle=2), "a row of the box has 128 bytes, more than its swizzle spans"),
        (replace(SOUND, type=15), "the machine does not know data type 15"),
        (replace(SOUND, swizzle=5), "the machine does not know swizzle 5"),
    ],
)
def test_maps_that_the_driver_refuses(machine, tensor_map, words):
    ran = run_kernel(machine, load(packed_tensor(), tensor_map, (0, 0), 1024, 512))
    assert ran.result == INVALID_VALUE
    assert f"cuTensorMapEncodeTiled: {words}\n" in ran.errors


@pytest.mark.parametrize(
    "tensor_map",
    [
        SOUND,
        replace(SOUND, swizzle=4),
        replace(SOUND, offset=32, sizes=(COLUMNS, ROWS - 1)),
        replace(PACKED_MAP, offset=16, sizes=(510, 18), strides=(272,)),
    ],
)
def test_maps_that_the_driver_takes(machine, tensor_map):
    ran = run_kernel(machine, load(packed_tensor(), tensor_map, (0, 0), 1024, 512, ELEMENTS))
    assert ran.arrays and ran.errors == ""
