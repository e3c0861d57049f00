"""The matrix: how many kernels, all legal, names that tell them apart."""

from collections import Counter

from pins import PINS

from codegen import geometry
from codegen.families import FAMILIES, fp8_gemm_1d1d, kernels_of
from codegen.legality import why_illegal
from codegen.matrix import all_specs, gemm_specs


def test_counts() -> None:
    """A change of the pins is a change of what the wheel holds."""
    counts = {name: Counter() for name in FAMILIES}
    for spec in all_specs():
        counts[spec.family][spec.arch] += 1
    assert counts == {name: pin["kernels"] for name, pin in PINS.items()}


def test_every_spec_is_legal() -> None:
    assert {spec.name(): reason for spec in all_specs() if (reason := why_illegal(spec))} == {}


def test_names_are_unique_symbols() -> None:
    names = [spec.name() for spec in all_specs()]
    assert len(set(names)) == len(names)
    assert all(name.isidentifier() for name in names)


def test_tiles_cover_small_and_large_m() -> None:
    normal = {spec.block_m for spec in gemm_specs() if not spec.swap_ab}
    swapped = {spec.block_m for spec in gemm_specs() if spec.swap_ab}
    assert normal >= {64, 128, 192, 256}
    assert swapped >= {8, 16, 32, 64}


def test_stages_fill_shared_memory_or_reach_their_cap() -> None:
    for spec in gemm_specs():
        family = FAMILIES[spec.family]
        full = geometry.max_stages(spec, 12, lambda each: kernels_of(each).block(each).shared_bytes)
        caps = (8, 12, 16, 20) if spec.block_m * spec.block_n < 64 * 64 else (8, 12, 16)
        assert spec.stages == full or spec.stages * geometry.slices(spec, family.operand.bytes) in caps, spec.name()


def test_subtiles_of_d_leave_four_stages_to_fp8_1d1d() -> None:
    specs = [spec for spec in gemm_specs() if spec.family == "fp8_gemm_1d1d"]
    assert specs and min(spec.stages for spec in specs) >= fp8_gemm_1d1d.STAGES_BESIDE_SUBTILES
