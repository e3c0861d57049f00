"""Products of tcgen05.mma in a kernel of a test: operands by NumPy, scales and sums in tensor memory, and back."""

from dataclasses import dataclass

import numpy as np
from machine_kernel import Launch
from machine_tcgen05 import MEET, OPERANDS, from_array, lines, to_array, wait, whole
from tcgen05_operands import Layout, decode_e4m3, packed, random_elements, scale_image, with_gaps

BYTES = {"bf16": 2, "fp16": 2, "tf32": 4, "e4m3": 1, "e5m2": 1, "e2m1": 1}
DEPTH = {"f16": 16, "tf32": 8, "f8f6f4": 32, "mxf8f6f4": 32, "mxf4": 64, "mxf4nvf4": 64}
CODES = {"fp16": 0, "bf16": 1, "tf32": 2, "e4m3": 0, "e5m2": 1, "e2m1": 5}
A_COLUMN = 128  # where A begins that is in tensor memory
SCALE_COLUMNS = 256  # where scales of A begin; those of B 16 columns on


@dataclass(frozen=True)
class Case:
    kind: str
    a: str
    b: str
    m: int = 128
    n: int = 32
    swizzle: str = "128"
    a_mn_major: bool = False
    b_mn_major: bool = False
    group: int = 1
    a_in_tensor_memory: bool = False
    lane: int = 0
    scale_ids: tuple = (0, 0)
    steps: int = 2
    scale_block: int = 32  # elements under one scale
    ue4m3: bool = False

    def __str__(self):
        majors = "".join("mn" if mn else "k" for mn in (self.a_mn_major, self.b_mn_major))
        where = f"tmem{self.lane}" if self.a_in_tensor_memory else f"shared{self.lane}"
        scales = f"{self.scale_block}{'u' if self.ue4m3 else 'e'}" if self.scaled else ""
        return f"{self.kind}{scales}-{self.a}-{self.b}-{self.m}x{self.n}-{self.swizzle}-{majors}-g{self.group}-{where}"

    @property
    def scaled(self):
        return self.kind.startswith("mx")

    @property
    def packed(self):
        return self.kind in ("mxf4", "mxf4nvf4")

    @property
    def step_bytes(self):
        """Elements, or bytes of packed ones, of a row in one step."""
        return 32 if self.packed else DEPTH[self.kind]

    @property
    def scales_of_step(self):
        return DEPTH[self.kind] // self.scale_block

    @property
    def has_split_scales(self):
        return self.scaled and self.group == 2 and self.m == 128

    def layout(self, of_a):
        rows = (self.m if of_a else self.n) // self.group
        size = 1 if self.kind.startswith("mx") else BYTES[self.a if of_a else self.b]
        depth = self.steps * self.step_bytes
        return Layout(self.swizzle, self.a_mn_major if of_a else self.b_mn_major, rows, depth, size)

    @property
    def descriptor(self):
        a, b = (1, 1) if self.packed else (CODES[self.a], CODES[self.b])
        bits = a << 7 | b << 10 | self.a_mn_major << 15 | self.b_mn_major << 16 | self.n >> 3 << 17
        if not self.scaled:
            return bits | 1 << 4 | self.m >> 4 << 24
        return bits | (not self.ue4m3) << 23 | self.m >> 7 << 27 | self.scale_ids[0] << 29 | self.scale_ids[1] << 4


def stored(case, codes, name, of_a):
    """Codes as they lie in shared memory."""
    if case.packed:
        return packed(codes)
    if name != "e2m1":
        return codes
    is_mn_major = case.a_mn_major if of_a else case.b_mn_major
    return with_gaps(codes.T).T if is_mn_major else with_gaps(codes)


def lanes_of(case):
    """Block, lane and column of every sum: [m, n] each."""
    row, column = np.indices((case.m, case.n))
    if case.group == 1:
        lane = row if case.m == 128 else row % 16 + 32 * (row // 16) + case.lane
        return 0 * row, lane, column
    if case.m == 256:
        return row // 128, row % 128, column
    half = case.n // 2
    return row // 64, row % 64 + 64 * (column // half), column % half


def copy_to_shared(size):
    """The array at %rd1 to shared memory from OPERANDS on, 16 bytes a thread at a time."""
    return lines(f"""
        mul.lo.u32 %r30, %r1, 16;
        add.u32 %r31, %r4, {OPERANDS};
        $copy:
        setp.ge.u32 %p3, %r30, {size};
        @%p3 bra $copied;
        cvt.u64.u32 %rd9, %r30;
        add.s64 %rd10, %rd1, %rd9;
        ld.global.v4.b32 {{%t0, %t1, %t2, %t3}}, [%rd10];
        add.u32 %r32, %r31, %r30;
        st.shared.v4.b32 [%r32], {{%t0, %t1, %t2, %t3}};
        add.u32 %r30, %r30, 2048;
        bra $copy;
        $copied:
        fence.proxy.async.shared::cta;
        tcgen05.fence::before_thread_sync;""")


def address_of(register, offset):
    """An address of shared memory as descriptors have it, in a 64-bit register."""
    return f"add.u32 %r33, %r4, {OPERANDS + offset};\nand.b32 %r33, %r33, 0x3FFFF;\nshr.u32 %r33, %r33, 4;\n" + (
        f"cvt.u64.u32 {register}, %r33;\n"
    )


def multiply(case, places, accumulates):
    """What one thread issues: scales to tensor memory, products, a commit."""
    a, b = case.layout(True), case.layout(False)
    group = f"cta_group::{case.group}"
    text = "tcgen05.fence::after_thread_sync;\n" + address_of("%rd11", places["a"]) + address_of("%rd12", places["b"])
    text += f"add.u32 %r34, %r5, {case.lane << 16};\nadd.u32 %r36, %r5, {SCALE_COLUMNS};\nadd.u32 %r37, %r36, 16;\n"
    for name, register in (("sa", "%r36"), ("sb", "%r37")) if case.scaled else ():
        split = case.has_split_scales and name == "sb"
        shape = "64x128b.warpx2::01_23" if split else "32x128b.warpx4"
        for number in range(1 if split else places[name + "_blocks"]):
            text += address_of("%rd13", places[name] + 512 * number) + f"add.s64 %rd13, %rd13, {8 << 32 | 1 << 46};\n"
            text += f"add.u32 %r38, {register}, {4 * number};\ntcgen05.cp.{group}.{shape} [%r38], %rd13;\n"
    text += "setp.ne.b32 %p4, 1, 1;\nsetp.eq.b32 %p5, 1, 1;\n"
    for step in range(case.steps):
        k = step * case.step_bytes
        text += f"add.s64 %rd14, %rd11, {a.descriptor(k)};\nadd.s64 %rd15, %rd12, {b.descriptor(k)};\n"
        left = f"add.u32 %r39, %r5, {A_COLUMN + 8 * step + (case.lane << 16)};\n" if case.a_in_tensor_memory else ""
        operand = "[%r39]" if case.a_in_tensor_memory else "%rd14"
        scales = ", [%r36], [%r37]" if case.scaled else ""
        block = f".block{case.scale_block}" if case.kind == "mxf4nvf4" else ""
        kind = f"kind::{case.kind}{'.block_scale' + block if case.scaled else ''}"
        predicate = "%p5" if step or accumulates else "%p4"
        text += left + f"tcgen05.mma.{group}.{kind} [%r34], {operand}, %rd15, {case.descriptor}{scales}, {predicate};\n"
    if case.group == 1:
        return lines(text + f"tcgen05.commit.{group}.mbarrier::arrive::one.shared::cluster.b64 [%r6];")
    multicast = "mbarrier::arrive::one.shared::cluster.multicast::cluster.b64 [%r6], %rs1;"
    return lines(text + f"mov.b16 %rs1, 3;\ntcgen05.commit.{group}.{multicast}")


def products_kernel(case, places, accumulates):
    start = lines(f"""
        mov.u32 %r20, %cluster_ctarank;
        mov.u32 %r23, %ctaid.x;
        mul.wide.u32 %rd16, %r23, {places["bytes"]};
        add.s64 %rd1, %rd1, %rd16;
        mul.wide.u32 %rd16, %r23, {128 * SCALE_COLUMNS * 4};
        add.s64 %rd2, %rd2, %rd16;
        add.s64 %rd3, %rd3, %rd16;""")
    fill = from_array("%rd2", SCALE_COLUMNS)  # sums, and A where it is in tensor memory
    issue = f"\tor.b32 %r21, %r20, %r1;\n\tsetp.ne.u32 %p6, %r21, 0;\n\t{MEET[case.group]}\n\t@%p6 bra $issued;\n"
    issue += multiply(case, places, accumulates) + "$issued:\n" + wait("%r6") + "\ttcgen05.fence::after_thread_sync;\n"
    return whole(start + fill + copy_to_shared(places["bytes"]) + issue + to_array("%rd3", SCALE_COLUMNS), case.group)


def operands(random, case):
    """Values of A and B, scaled; each block's bytes of shared memory, and where they are; codes of A."""
    depth = case.steps * DEPTH[case.kind]
    (a, a_codes), (b, b_codes) = (
        random_elements(random, name, rows, depth) for name, rows in ((case.a, case.m), (case.b, case.n))
    )
    some = [0x34, 0x38, 0x3C, 0x40] if case.ue4m3 else range(125, 130)
    scales = [random.choice(some, (rows, 4)).astype(np.uint8) for rows in (case.m, case.n)]
    image, places = images(case, a_codes, b_codes, scales)
    if case.scaled:
        a, b = (scale(case, v, s, i) for v, s, i in zip((a, b), scales, case.scale_ids, strict=True))
    return a, b, a_codes, image, places


def images(case, a_codes, b_codes, scales=None):
    """Bytes of shared memory of each block, one after the other, and where they are in a block's."""
    places, out = {}, []
    for block in range(case.group):
        parts = []
        for name, codes, of_a, kind in (("a", a_codes, True, case.a), ("b", b_codes, False, case.b)):
            own = codes[len(codes) // case.group * block :][: len(codes) // case.group]
            parts.append((name, case.layout(of_a).image(stored(case, own, kind, of_a))))
        if case.scaled:
            parts.append(("sa", scale_image(scales[0][case.m // case.group * block :][: case.m // case.group])))
            # Of a pair with M = 128, each half of the lanes holds the scales of its own half of the columns.
            halves = np.split(scales[1], 2) if case.has_split_scales else [scales[1]]
            parts.append(("sb", b"".join(scale_image(half) for half in halves)))
        image = b""
        for name, data in parts:
            places[name], places[name + "_blocks"] = len(image), len(data) // 512
            image += data + bytes(-len(data) % 1024)
        places["bytes"] = len(image)
        out.append(image)
    return b"".join(out), places


def scale(case, values, scales, number):
    """All steps take the same bytes of each word."""
    bytes_ = scales[:, number : number + case.scales_of_step]
    each = decode_e4m3(bytes_) if case.ue4m3 else 2.0 ** (bytes_.astype(int) - 127)
    return values * np.tile(np.repeat(each, case.scale_block, axis=1), (1, case.steps))


def memory_of(random, case, a_codes):
    """Tensor memory of each block before: [group, 128, SCALE_COLUMNS] words; and the sums in it."""
    block, lane, column = lanes_of(case)
    memory = np.zeros((case.group, 128, SCALE_COLUMNS), np.uint32)
    c = random.integers(-99, 100, (case.m, case.n)).astype(np.float32)
    memory[block, lane, column] = c.view(np.uint32)
    if case.a_in_tensor_memory:
        raw = np.ascontiguousarray(a_codes).view(np.uint32)
        row = np.indices(block.shape)[0]
        memory[block[:, ::8], lane[:, ::8], A_COLUMN : A_COLUMN + raw.shape[1]] = raw[row[:, ::8]]
    return memory, c


def products_launch(case, change=lambda text: text, accumulates=True, **how):
    """A launch of the kernel over operands of no meaning, its text changed."""
    random = np.random.default_rng(3)
    *_, a_codes, image, places = operands(random, case)
    memory = memory_of(random, case, a_codes)[0]
    body = change(products_kernel(case, places, accumulates))
    arrays = (image, memory.tobytes(), bytes(memory.nbytes))
    shared = OPERANDS + places["bytes"]
    return Launch(body, arrays, threads=128, shared=shared, cluster=case.group, grid=case.group, **how)
