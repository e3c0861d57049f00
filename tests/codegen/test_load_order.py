"""Arrivals that overtake loads are found in the SASS, on every path, but for tile queues and loads of stages ahead."""

import pytest

from codegen.compile.cubin import CubinError, refuse_bad
from codegen.compile.load_order import early_arrivals
from codegen.matrix import gemm_specs

LOAD = "LDS R4, [R2+UR8]"
ARRIVAL = "SYNCS.ARRIVE.TRANS64.A1T0 RZ, [UR13], RZ"
TEST = "SYNCS.PHASECHK.TRANS64 P0, [UR24+0x37900], R83"
WGMMA_WAIT = "WARPGROUP.DEPBAR.LE gsb0, 0x0"
EXIT = "EXIT"


def sass(*instructions):
    """nvdisasm's text. An instruction: a label, its text, or its text and the scoreboards it sets and waits for."""
    lines = [".text.k:"]
    for number, one in enumerate(instructions):
        text, sets, waits = one if isinstance(one, tuple) else (one, 7, ())
        if text.startswith(".L_"):
            lines.append(f"{text}:")
            continue
        control = sets << 5 | 7 << 8 | sum(1 << waited for waited in waits) << 11
        lines.append(f"        /*{16 * number:04x}*/                   {text} ;   /* 0x0000000800000984 */")
        lines.append(f"                                            /* 0x{control << 41:016x} */")
    return "\n".join(lines) + "\n"


def found(*instructions, loads_ahead=False):
    return early_arrivals(sass(*instructions, EXIT), loads_ahead)


def test_an_arrival_behind_a_load():
    assert found((LOAD, 0, ()), ARRIVAL) == [f"0010 {ARRIVAL} before 0000 {LOAD}"]


@pytest.mark.parametrize("wait", [("LOP3.LUT R5, R4, R6, RZ, 0xfc, !PT", 7, (0,)), "DEPBAR.LE SB0, 0x0"])
def test_a_wait_between_them(wait):
    assert not found((LOAD, 0, ()), wait, ARRIVAL)


def test_the_arrival_itself_may_wait():
    assert not found((LOAD, 0, ()), ("SYNCS.ARRIVE.TRANS64.A1T0 RZ, [R5+UR13], RZ", 7, (0,)))


def test_a_wait_for_another_scoreboard():
    assert found((LOAD, 0, ()), ("FMUL R5, R6, R7", 7, (1, 2)), ARRIVAL)


def test_the_last_loads_scoreboard_counts_for_those_before():
    second = ("LDS R6, [R2+UR8+0x20]", 0, ())
    assert len(found((LOAD, 7, ()), second, ARRIVAL)) == 2
    assert not found((LOAD, 7, ()), second, ("FMUL R5, R6, R7", 7, (0,)), ARRIVAL)
    assert not found((LOAD, 7, ()), ("SHFL.IDX PT, R6, R7, R8, 0x1f", 1, ()), ("FMUL R5, R6, R7", 7, (1,)), ARRIVAL)


def test_another_instructions_scoreboard_does_not():
    assert found((LOAD, 7, ()), ("S2R R6, SR_TID.X", 1, ()), ("FMUL R5, R6, R7", 7, (1,)), ARRIVAL)


def test_every_path_counts():
    wait = ("FMUL R5, R4, R7", 7, (0,))
    assert found((LOAD, 0, ()), "@P0 BRA `(.L_x_1)", wait, ".L_x_1", ARRIVAL)
    assert not found((LOAD, 0, ()), "BRA `(.L_x_1)", ARRIVAL, ".L_x_1", wait)


def test_a_load_at_the_end_of_a_loop():
    assert found(".L_x_1", ARRIVAL, (LOAD, 0, ()), "@P0 BRA `(.L_x_1)") == [f"0010 {ARRIVAL} before 0020 {LOAD}"]


def test_an_arrival_at_another_block_frees_no_scales():
    assert not found((LOAD, 0, ()), "SYNCS.ARRIVE.TRANS64.RED.A1T0 RZ, [R9+URZ], RZ")


def test_a_tile_queue_is_written_by_ordinary_stores():
    assert not found(("LDS.128 R8, [UR5+0x34c60]", 0, ()), "SYNCS.ARRIVE.TRANS64.A1T0 RZ, [UR5+0x34c88], RZ")
    assert found(("LDS.128 R8, [UR5+0x34c60]", 0, ()), "SYNCS.ARRIVE.TRANS64.A1T0 RZ, [UR5+0x34d88], RZ")


def test_scales_of_the_next_stage():
    instructions = (TEST, (LOAD, 0, ()), WGMMA_WAIT, ARRIVAL)
    assert not found(*instructions, loads_ahead=True)
    assert found(*instructions)


def test_scales_of_this_stage_where_others_are_loaded_ahead():
    assert found((LOAD, 0, ()), TEST, WGMMA_WAIT, ARRIVAL, loads_ahead=True)
    assert found(TEST, WGMMA_WAIT, (LOAD, 0, ()), ARRIVAL, loads_ahead=True)


def test_such_a_kernel_fails_the_build():
    spec = next(one for one in gemm_specs() if one.family == "fp8_gemm_1d2d" and one.in_flight == 2)
    log = """\
    0 bytes stack frame, 0 bytes spill stores, 0 bytes spill loads
ptxas info    : Used 168 registers, used 9 barriers, 128 bytes smem
"""
    with pytest.raises(CubinError, match=f"{spec.name()}: 0010 SYNCS.ARRIVE.*before 0000 LDS"):
        refuse_bad(spec, log, {"QGMMA": 4}, sass((LOAD, 0, ()), ARRIVAL, EXIT))
    refuse_bad(spec, log, {"QGMMA": 4}, sass((LOAD, 0, ()), ("FMUL R5, R4, R7", 7, (0,)), ARRIVAL, EXIT))
