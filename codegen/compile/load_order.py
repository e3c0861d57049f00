"""Whether a kernel's arrivals wait for its loads: what nvcc and ptxas made of ptx/arrive_after.cuh, read from the SASS.

A consumer that has loaded a stage's scales frees the stage by an arrival, and the TMA fills it anew. The hardware does
not order the two: an arrival overtakes loads that wait in the load-store unit (seen on an H200, 2026-11-28). Only an
instruction that waits for the load's scoreboard does. Scoreboards are in the upper half of an instruction's 128 bits,
as published for Volta (Jia et al., "Dissecting the NVIDIA Volta GPU Architecture via Microbenchmarking", 2018): bits
46 to 48 name the one that it sets, 7 for none, and bits 52 to 57 those it waits for. ptxas gives the last of several
loads one scoreboard for all of them, so shared memory answers a thread's loads and shuffles in their order.
"""

import re
from dataclasses import dataclass

_LINE = re.compile(
    r"^\s+/\*(?P<address>[0-9a-f]{4,})\*/\s+(?P<text>.*?)\s*;\s+/\* 0x[0-9a-f]{16} \*/\n"
    r"\s+/\* 0x(?P<upper>[0-9a-f]{16}) \*/"
    r"|^(?P<label>\.L_\w+):",
    re.MULTILINE,
)
_TEXT = re.compile(r"(?:\{\s*)?(?P<guard>@!?U?P\w+\s+)?(?P<operation>\S+)(?P<operands>.*)", re.DOTALL)
_TARGET = re.compile(r"`\((\.L_\w+)\)")
_ADDRESS = re.compile(r"\[([^\]]*?)(?:\+(0x[0-9a-f]+))?\]")
_DRAINED = re.compile(r"\s*SB(\d), 0x0")
_JUMPS = ("BRA", "CALL", "WARPSYNC")
_NONE = 7  # no scoreboard
_QUEUE_SLOT = 64  # bytes: a tile queue's barriers lie behind the words that they guard, which ordinary stores write


@dataclass(frozen=True)
class _Instruction:
    address: str
    guard: str
    operation: str
    operands: str
    sets: int
    waits: int

    @property
    def text(self) -> str:
        return f"{self.address} {self.guard}{self.operation}{self.operands}"

    def ends_path(self) -> bool:
        return not self.guard and self.operation.startswith(("EXIT", "RET", "KILL"))

    def always_jumps(self) -> bool:
        return self.operation == "BRA" and not self.guard and self.operands.lstrip().startswith("`")

    def place(self) -> tuple[str, int]:
        """Base and offset of its address in memory."""
        base, offset = _ADDRESS.search(self.operands).groups()
        return base.replace("+URZ", ""), int(offset or "0", 16)


@dataclass(frozen=True)
class _Load:
    """A load under way. ahead: of a stage that was tested before the multiplication of the freed one was over."""

    index: int
    scoreboard: int
    ahead: bool


def _read(sass: str) -> tuple[list[_Instruction], dict[str, int]]:
    instructions: list[_Instruction] = []
    labels: dict[str, int] = {}
    for line in _LINE.finditer(sass):
        if line["label"]:
            labels[line["label"]] = len(instructions)
            continue
        part = _TEXT.match(line["text"])
        control = int(line["upper"], 16) >> 41
        instructions.append(
            _Instruction(
                line["address"],
                part["guard"] or "",
                part["operation"],
                part["operands"],
                control >> 5 & 7,
                control >> 11 & 63,
            )
        )
    return instructions, labels


def _next_blocks(last: int, instruction: _Instruction, labels: dict[str, int]) -> list[int]:
    """Where control may go from the last instruction of a basic block."""
    if instruction.ends_path():
        return []
    jumps = [labels[name] for name in _target(instruction)]
    return jumps if instruction.always_jumps() else [*jumps, last + 1]


def _target(instruction: _Instruction) -> list[str]:
    return _TARGET.findall(instruction.operands) if instruction.operation.startswith(_JUMPS) else []


def _ends_of_blocks(instructions: list[_Instruction], labels: dict[str, int]) -> dict[int, int]:
    """The last instruction of each basic block, by its first."""
    starts = {0, *labels.values()}
    starts |= {i + 1 for i, one in enumerate(instructions) if _target(one) or one.ends_path()}
    edges = sorted(start for start in starts if start < len(instructions))
    return dict(zip(edges, [*(edge - 1 for edge in edges[1:]), len(instructions) - 1]))


def _after(under_way: frozenset[_Load], index: int, instruction: _Instruction, ahead: bool) -> frozenset[_Load]:
    """The loads under way behind the instruction."""
    is_load = instruction.operation.startswith("LDS")
    answers = is_load or instruction.operation.startswith("SHFL")
    left = under_way
    if left and instruction.waits:
        waited = {board for board in range(_NONE) if instruction.waits >> board & 1}
        left = frozenset(load for load in left if load.scoreboard not in waited)
    if left and instruction.operation == "DEPBAR.LE" and (drained := _DRAINED.match(instruction.operands)):
        left = frozenset(load for load in left if load.scoreboard != int(drained[1]))
    if left and answers and instruction.sets != _NONE:
        left = frozenset(
            _Load(load.index, instruction.sets, load.ahead) if load.scoreboard == _NONE else load for load in left
        )
    return left | {_Load(index, instruction.sets, ahead)} if is_load else left


def _is_queue(load: _Instruction, arrival: _Instruction) -> bool:
    (base, offset), (other, barrier) = load.place(), arrival.place()
    return base == other and 0 < barrier - offset <= _QUEUE_SLOT


class _Search:
    """Follows all paths through a kernel, a basic block at a time, until no block can be entered with more loads."""

    def __init__(self, sass: str, loads_ahead: bool) -> None:
        self.instructions, self.labels = _read(sass)
        self.loads_ahead = loads_ahead
        self.early: set[tuple[int, int]] = set()

    def run(self) -> None:
        ends = _ends_of_blocks(self.instructions, self.labels)
        entered: dict[int, tuple[frozenset[_Load], bool]] = {}
        waiting = {0: (frozenset[_Load](), False)}
        while waiting:
            first = min(waiting)
            under_way, tested = waiting.pop(first)
            if first not in ends:
                continue
            if first in entered:
                known, always_tested = entered[first]
                if under_way <= known and (tested or not always_tested):
                    continue
                under_way, tested = under_way | known, tested and always_tested
            entered[first] = under_way, tested
            under_way, tested = self._through(first, ends[first], under_way, tested)
            for following in _next_blocks(ends[first], self.instructions[ends[first]], self.labels):
                others, all_tested = waiting.get(following, (frozenset[_Load](), True))
                waiting[following] = under_way | others, tested and all_tested

    def _through(
        self, first: int, last: int, under_way: frozenset[_Load], tested: bool
    ) -> tuple[frozenset[_Load], bool]:
        """tested: whether a stage was tested since the last wait for a multiplication."""
        for index in range(first, last + 1):
            instruction = self.instructions[index]
            if instruction.operation.startswith("SYNCS.PHASECHK"):
                tested = True
            elif instruction.operation.startswith("WARPGROUP.DEPBAR"):
                tested = False
            under_way = _after(under_way, index, instruction, self.loads_ahead and tested)
            if under_way and instruction.operation.startswith("SYNCS.ARRIVE") and ".RED" not in instruction.operation:
                self._arrive(index, under_way)
        return under_way, tested

    def _arrive(self, index: int, under_way: frozenset[_Load]) -> None:
        for load in under_way:
            if not load.ahead and not _is_queue(self.instructions[load.index], self.instructions[index]):
                self.early.add((load.index, index))


def early_arrivals(sass: str, loads_ahead: bool) -> list[str]:
    """Arrivals in a block's own shared memory that do not wait for a load of the thread before them, as text.

    sass: nvdisasm's text with the instructions' bits (-hex). loads_ahead: whether the consumer loads the next stage's
    scales before it waits for the multiplication of the stage that it then frees.
    """
    search = _Search(sass, loads_ahead)
    search.run()
    text = search.instructions
    return [f"{text[arrival].text} before {text[load].text}" for load, arrival in sorted(search.early)]
