"""What the library's model of a B200 predicts, as tables in Markdown (docs/blackwell.md holds them):

    python -m benchmarks.predicted_b200

beside times that others published (recorded/b200_published.csv), for layers of DeepSeek's models, and where a tile that
DeepGEMM takes would be faster than ours. Nothing here is measured by us.
"""

import csv
from collections.abc import Iterator
from itertools import product
from math import ceil
from pathlib import Path

from aotgemm import _core

from benchmarks.sm100_tiles import Problem, Tile, deepgemm_choice, deepgemm_tiles

PUBLISHED = Path(__file__).parent / "recorded" / "b200_published.csv"
FAMILIES = {"bf16": "bf16_gemm", "fp8": "fp8_fp4_gemm", "mxf4": "fp8_fp4_gemm"}
# N and K of DeepSeek V3's linear layers on one card, and of its experts.
DEEPSEEK = {
    "fused_qkv_a": (2112, 7168),
    "q_b": (24576, 1536),
    "kv_b": (32768, 512),
    "o": (7168, 16384),
    "gate_up, expert": (4096, 7168),
    "down, expert": (7168, 2048),
}
# N and K of experts; groups and rows of each, many and few; H, R and D of einsums; groups, M, N and K of gradients: of
# DeepGEMM's tests (commit 54e2261).
EXPERTS = ((6144, 7168), (7168, 3072), (4096, 4096), (4096, 2048))
LARGE_GROUPS, SMALL_GROUPS = ((4, 8192), (8, 4096)), ((32, 192), (6, 1024), (32, 20), (6, 20))
HEADS = {"bf16_gemm": ((128, 512, 128), (8, 4096, 1024)), "fp8_fp4_gemm": ((8, 4096, 1024),)}
GRADIENTS = tuple((groups, *sizes, 32768 // groups) for groups in (4, 8, 16) for sizes in ((4096, 7168), (7168, 2048)))
# Rows that groups start at multiples of: DeepGEMM's tile of a shared A has as many, 128 unless it is set.
TALLEST = 224
ALIGNMENTS = (
    ("contiguous", 128),
    *((grouping, rows) for grouping in ("psum", "masked") for rows in range(32, TALLEST + 1, 32)),
    *(("batched", 128), ("k_grouped", 128)),
)
TOKENS = (1, 16, 64, 128, 512, 1024, 4096, 8192)
TRAINED_TOKENS = (1024, 4096, 8192)
# N and K of a router and of a language model's head, BF16 into FP32 (DeepGEMM's tests, commit 54e2261).
FP32_LAYERS = ((256, 7168), (129280, 7168))
WORDS_OF_GRADIENTS = (("nn", "bf16"), ("tn", "bf16"), ("tn", "fp32"))
SHOWN_TOKENS = (1, 64, 512, 4096)


def published_rows() -> list[dict[str, str]]:
    lines = [line for line in PUBLISHED.read_text(encoding="utf-8").splitlines() if not line.startswith("#")]
    return list(csv.DictReader(lines))


def problem_of(row: dict[str, str]) -> Problem:
    """mxf4 moves and multiplies 64 packed elements of K where FP8 has 32: to the model it is FP8 with half of K."""
    m, n, k, groups = (int(row[name]) for name in ("m", "n", "k", "groups"))
    return Problem(
        FAMILIES[row["operand"]], m, n, k // 2 if row["operand"] == "mxf4" else k, row["grouping"], groups=groups
    )


def published_us(row: dict[str, str]) -> float:
    flop = 2.0 * int(row["m"]) * int(row["n"]) * int(row["k"]) * int(row["groups"])
    return float(row["us"]) if row["us"] else flop / float(row["tflops"]) * 1e-6


def predicted_us(row: dict[str, str]) -> float:
    """Of the tile that DeepGEMM's rules take for its rows, and of the best of its tiles for those of others."""
    problem = problem_of(row)
    dense = Problem(problem.family, problem.m, problem.n, problem.k)
    tiles = [deepgemm_choice(problem)] if "DeepGEMM" in row["who"] else deepgemm_tiles(dense)
    return max(min(problem.predicted(tile)["us"] for tile in tiles), float(row["least_us"]))


def our_tiles(problem: Problem) -> list[Tile]:
    """Those compiled into this build for a problem on sm_100a."""
    words = (problem.family, problem.grouping, problem.layout, problem.out_dtype)
    return [
        Tile(*(spec[name] for name in ("block_m", "block_n", "cluster_m", "cluster_n", "swap_ab")))
        for spec in _core.specs()
        if spec["arch"] == "sm_100a"
        and tuple(spec[name] for name in ("family", "grouping", "layout", "out_dtype")) == words
    ]


def best_of(problem: Problem, tiles: list[Tile]) -> tuple[Tile, dict]:
    """Of at least one tile, the one predicted fastest, and its prediction."""
    times = {tile: problem.predicted(tile) for tile in tiles}
    best = min(times, key=lambda tile: times[tile]["us"])
    return best, times[best]


def layers(family: str) -> dict[str, tuple[tuple[int, int], ...]]:
    """N and K of dense layers, by the type of their outputs: those of DeepGEMM's tests, DeepSeek's among them."""
    return {"bf16": (*DEEPSEEK.values(), (576, 7168)), "fp32": FP32_LAYERS if family == "bf16_gemm" else ()}


def of_gradients(family: str, layout: str, out_dtype: str) -> list[Problem]:
    """Of the inputs (nn) or weights (tn) of those layers."""
    sizes = [size for found in layers(family).values() for size in found]
    return [
        Problem(family, *((m, k, n) if layout == "nn" else (n, k, m)), layout=layout, out_dtype=out_dtype)
        for m in TRAINED_TOKENS
        for n, k in sizes
    ]


def dense_problems(family: str) -> list[Problem]:
    """DeepGEMM's own test sizes of dense calls, forward and backward, at more numbers of rows."""
    found = [
        Problem(family, m, n, k, out_dtype=out_dtype)
        for out_dtype, sizes in layers(family).items()
        for m in TOKENS
        for n, k in sizes
    ]
    return found + [problem for words in WORDS_OF_GRADIENTS for problem in of_gradients(family, *words)]


def other_dense_problems(family: str) -> list[Problem]:
    """Layouts and types of outputs that DeepGEMM's tests have not: the layers' sizes all the same."""
    tested = {(problem.layout, problem.out_dtype) for problem in dense_problems(family)}
    others = [words for words in product(("nt", "nn", "tn", "tt"), ("bf16", "fp32")) if words not in tested]
    return [Problem(family, m, n, k, "dense", *words) for words in others for m in TOKENS for n, k in DEEPSEEK.values()]


def grouped_problems(family: str) -> list[Problem]:
    """Those of DeepGEMM's tests: experts with groups of many rows and of few, einsums, gradients."""
    words = {"layout": "tn", "out_dtype": "fp32"}
    found = [
        Problem(family, rows * groups, n, k, grouping, layout, groups=groups)
        for n, k in EXPERTS
        for groups, rows in (*LARGE_GROUPS, *SMALL_GROUPS)
        for grouping in ("contiguous", "psum")
        for layout in ("nt", "nn")
    ]
    found += [Problem(family, rows, n, k, "masked", groups=g) for n, k in EXPERTS for g, rows in SMALL_GROUPS]
    for heads, r, d in HEADS[family]:
        for rows in (4, 32, 128, 4096, 8192):
            found.append(Problem(family, rows, d, r, "batched", groups=heads))
            found.append(Problem(family, rows, r, d, "batched", "nn", groups=heads))
    found += [Problem(family, m, n, k * g, "k_grouped", groups=g, **words) for g, m, n, k in GRADIENTS]
    return found


def deepgemm_alignments(problem: Problem) -> list[int]:
    """Those at which DeepGEMM's tests call it: the default, and of psum and masked groups what its rule proposes, for
    rows of any number and for a fifth more than are expected (commit 54e2261)."""
    if problem.grouping not in ("psum", "masked"):
        return [128]
    rows = problem.m if problem.grouping == "masked" else problem.m // problem.groups
    proposed = min(max(32 * ceil(int(rows * 1.2) / 32), 32), TALLEST)
    return sorted({128, proposed, TALLEST})


def slower_than_deepgemm(problems: list[Problem], alignment: int = 128) -> dict[Problem, float]:
    """Where a tile that DeepGEMM takes is predicted faster than all of ours, and our time over its."""
    found = {}
    for problem in problems:
        ours = best_of(problem, our_tiles(problem))[1]["us"]
        theirs = problem.predicted(deepgemm_choice(problem, alignment))["us"]
        if ours > theirs:
            found[problem] = ours / theirs
    return found


def _in_words(slower: dict[Problem, float]) -> str:
    most = f"{100 * (max(slower.values()) - 1):.1f}%" if slower else "-"
    return f"{len(slower)} | {most}"


def dense_table() -> Iterator[str]:
    """Over dense_problems and the others: where DeepGEMM's choice is predicted faster, and by how much at most."""
    yield "| `family`, layout, D | sizes | problems | DeepGEMM's tile faster | most |"
    yield "|---|---|---|---|---|"
    for family in families():
        for whose, found in (("DeepGEMM's tests", dense_problems(family)), ("others", other_dense_problems(family))):
            for layout, out_dtype in dict.fromkeys((problem.layout, problem.out_dtype) for problem in found):
                problems = [one for one in found if (one.layout, one.out_dtype) == (layout, out_dtype)]
                words = f"`{family}`, {layout}, {out_dtype.upper()} | {whose} | {len(problems)}"
                yield f"| {words} | {_in_words(slower_than_deepgemm(problems))} |"


def grouped_table() -> Iterator[str]:
    """Over grouped_problems: where DeepGEMM's choice is predicted faster, and by how much at most."""
    yield "| `family`, grouping | alignment of DeepGEMM's groups | problems | DeepGEMM's tile faster | most |"
    yield "|---|---|---|---|---|"
    for family in families():
        for grouping, alignment in ALIGNMENTS:
            problems = [one for one in grouped_problems(family) if one.grouping == grouping]
            words = f"`{family}`, {grouping} | {alignment} | {len(problems)}"
            yield f"| {words} | {_in_words(slower_than_deepgemm(problems, alignment))} |"


def published_table() -> Iterator[str]:
    yield "| who | operands | groups | M | N | K | published us | predicted us | error |"
    yield "|---|---|---|---|---|---|---|---|---|"
    for row in published_rows():
        known, ours = published_us(row), predicted_us(row)
        sizes = " | ".join(row[name] for name in ("who", "operand", "groups", "m", "n", "k"))
        yield f"| {sizes} | {known:.1f} | {ours:.1f} | {100 * (ours / known - 1):+.0f}% |"


def _cell(problem: Problem) -> str:
    tile, time = best_of(problem, our_tiles(problem))
    tbps = (problem.m + problem.n) * problem.k * problem.element_bytes / time["us"] * 1e-6
    return f"{tile}: {time['us']:.1f} us, {100 * time['tensor_share']:.0f}%, {tbps:.1f} TB/s"


def utilisation_table(family: str) -> Iterator[str]:
    """Time, share of the tensor cores' peak, and bytes of A and B over the time."""
    yield f"| `{family}` | " + " | ".join(f"M = {m}" for m in SHOWN_TOKENS) + " |"
    yield "|---" * (1 + len(SHOWN_TOKENS)) + "|"
    for name, (n, k) in DEEPSEEK.items():
        yield f"| {name} ({n} x {k}) | " + " | ".join(_cell(Problem(family, m, n, k)) for m in SHOWN_TOKENS) + " |"


def families() -> list[str]:
    """Those that have dense kernels on sm_100a in this build."""
    return [family for family in dict.fromkeys(FAMILIES.values()) if our_tiles(Problem(family, 1, 128, 128))]


def main() -> None:
    print(*published_table(), sep="\n")
    for family in families():
        print("", *utilisation_table(family), sep="\n")
        for problem, ratio in slower_than_deepgemm(dense_problems(family)).items():
            call = f"{problem.layout} into {problem.out_dtype}, {problem.m} x {problem.n} x {problem.k}"
            print(f"{call}: {ratio:.3f} times as long as with DeepGEMM's {deepgemm_choice(problem)}")
    for table in (dense_table(), grouped_table()):
        print("", *table, sep="\n")


if __name__ == "__main__":
    main()
