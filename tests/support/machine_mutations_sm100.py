"""Kernels of sm_100a broken on purpose: edits of their PTX, and the kind of finding that each must bring.

"bits": the machine has nothing to say of the protocol, and D is wrong.
"""

import re

from machine_mutations import CLUSTER_BARRIER, Subject, drop, drop_wait, flip_parity, mutation, replace

# Problems that make each block, or pair, take several tiles, and its ring of stages go round.
SUBJECTS = {
    "one": Subject("gemm", "sm100_bf16_gemm_dense_nt_bf16_128x128x64_s6_c1x1", 280, 264, 456, "10.0"),
    # A of FP8 with scales of 128 of K, B of FP4 with scales of 32.
    "scaled": Subject("fp4_b", "sm100_fp8_fp4_gemm_dense_nt_bf16_128x192x128_s6_c2x1", 300, 392, 1024, "10.0"),
    "logits": Subject("mqa_logits", "sm100_mqa_logits_h64_fp4", 21, 500, 0, "10.0"),
    "pair": Subject("gemm", "sm100_bf16_gemm_dense_nt_bf16_128x256x64_s6_c2x1", 300, 520, 456, "10.0"),
}


# Waits in the order of the pair's text: of the producer for a slot and a stage, at its end for both, of the issuer for
# a slot, accumulators and a stage, of the epilogue for a slot and accumulators.
PRODUCER_SLOT, PRODUCER_STAGE, ISSUER_SLOT, ISSUER_ACCUMULATORS, ISSUER_STAGE = 0, 1, 4, 5, 6
EPILOGUE_SLOT, EPILOGUE_ACCUMULATORS = 7, 8
# Products with 256, of which the issuer's is that of its accumulators' number: their first column.
COLUMNS_OF_SUMS, ISSUER_SUMS = r"shl\.b32(\s+%r\d+, %r\d+), 8;", 2
# The constant part of an operand's descriptor: 8 rows of 128 bytes to the next, swizzle of 128 bytes, version 1.
DESCRIPTOR = 4611756662049538048
INSTRUCTION = 272630928  # descriptor of BF16 with FP32 sums, 256 rows and 256 columns


# Instructions with the register of their last operand.
ANNOUNCE = r"^(\s*)(mbarrier\.arrive\.expect_tx\S*\s+_, \[%r\d+\], (%r\d+);)"
DEALLOCATE = r"^(\s*)(tcgen05\.dealloc\S*\s+%r\d+, (%r\d+);)"


def with_operand(instruction, opcode, value):
    """Another value in that register, by one more instruction before."""
    return replace(instruction, rf"\1{opcode} \3, {value};\n\1\2")


def descriptors(change):
    """Every descriptor of an operand in shared memory, with other constant bits."""

    def edit(text):
        for offset in range(0, 8, 2):
            text = text.replace(str(DESCRIPTOR + offset), str(change(DESCRIPTOR) + offset))
        return text

    return edit


def instruction(change):
    return replace(rf"\b{INSTRUCTION};", f"{change(INSTRUCTION)};")


COMMIT = r"tcgen05\.commit"
ONE_BLOCK_OF_PAIR = r"(mov\.b16\s+%rs\d+, )3;"

START_AND_END = (
    mutation("mbarrier.init is not fenced", "pair", drop(r"fence\.mbarrier_init"), "proxy-fence"),
    mutation("no cluster barrier after mbarrier.init", "pair", replace(CLUSTER_BARRIER, "", 0), "race", "mbarrier"),
    mutation("no block barrier after tcgen05.alloc", "one", drop(r"bar\.sync", 0), "race", "mbarrier"),
    mutation(
        "a block does not wait for its neighbour's end",
        "pair",
        replace(CLUSTER_BARRIER, "", -1),
        "exit",
        "race",
        "bounds",
    ),
    mutation("tensor memory is deallocated while it is read", "one", drop(r"bar\.sync", -1), "race"),
    mutation("tensor memory is not deallocated", "pair", drop(r"tcgen05\.dealloc"), "exit"),
    mutation(
        "half of tensor memory is deallocated",
        "pair",
        with_operand(DEALLOCATE, "mov.b32", "256"),
        "tcgen05",
    ),
    mutation(
        "half of what is used is allocated",
        "pair",
        replace(r"(mov\.b32\s+%r\d+, )512;", r"\g<1>256;"),
        "bounds",
        "tcgen05",
    ),
    mutation(
        "a number of columns that is no power of two",
        "one",
        replace(r"(mov\.b32\s+%r\d+, )256;", r"\g<1>192;", 0),
        "tcgen05",
    ),
)

PRODUCER = (
    mutation("a stage is filled before it is free", "pair", drop_wait(PRODUCER_STAGE), "race", "mbarrier"),
    mutation("the slot of a tile is filled before it is free", "pair", drop_wait(PRODUCER_SLOT), "race", "mbarrier"),
    mutation("the parity of `empty` is the other one", "pair", flip_parity(PRODUCER_STAGE), "deadlock", "race"),
    mutation("bytes count at each block's own barrier", "pair", replace(r"-16777232;", "-16;"), "deadlock"),
    mutation(
        "only one block's bytes are announced",
        "pair",
        with_operand(ANNOUNCE, "shr.u32", r"\3, 1"),
        "race",
        "mbarrier",
        "deadlock",
    ),
    mutation(
        "16 bytes more are announced than come",
        "pair",
        with_operand(ANNOUNCE, "add.s32", r"\3, 16"),
        "deadlock",
        "mbarrier",
    ),
    mutation("a load is missing", "pair", drop(r"cp\.async\.bulk\.tensor\.2d\.cta_group", -1), "deadlock"),
    mutation(
        "both blocks load the same columns of B",
        "pair",
        replace(r"(shl\.b32\s+(%r\d+), %r20, 8;\s*add\.s32\s+%r26, \2), %r14;", r"\1, 0;"),
        "bits",
    ),
    mutation("the grid before is not waited for", "pair", drop(r"griddepcontrol\.wait"), "pdl"),
)

ISSUER = (
    mutation("a stage is multiplied before it is full", "pair", drop_wait(ISSUER_STAGE), "race", "uninitialised"),
    mutation(
        "the parity of `full` is the other one", "pair", flip_parity(ISSUER_STAGE), "race", "uninitialised", "deadlock"
    ),
    mutation(
        "sums are begun before the epilogue has read the last",
        "pair",
        drop_wait(ISSUER_ACCUMULATORS),
        "race",
        "mbarrier",
    ),
    mutation(
        "no fence after waiting for accumulators and stages",
        "pair",
        drop(r"tcgen05\.fence::after_thread_sync", slice(1, 3)),
        "tcgen05-fence",
    ),
    mutation("a stage's commit is missing", "pair", drop(COMMIT, 0), "deadlock"),
    mutation("the commit of the sums is missing", "pair", drop(COMMIT, 1), "deadlock"),
    mutation("commits arrive at one block of the pair", "pair", replace(ONE_BLOCK_OF_PAIR, r"\g<1>1;"), "deadlock"),
    mutation(
        "a stage is released by an arrival instead of a commit",
        "one",
        replace(r"tcgen05\.commit\S* (\[%r\d+\]);", r"mbarrier.arrive.shared::cta.b64 _, \1;", 0),
        "race",
    ),
    mutation(
        "sums are handed over by an arrival instead of a commit",
        "one",
        replace(r"tcgen05\.commit\S* (\[%r\d+\]);", r"mbarrier.arrive.shared::cta.b64 _, \1;", 1),
        "race",
    ),
    mutation(
        "the first product of a tile is added",
        "pair",
        replace(r"setp\.ne\.b32 p, %r\d+, 0;", "setp.ne.b32 p, 1, 0;"),
        "uninitialised",
        "bits",
    ),
    mutation(
        "both sums lie in the same columns",
        "pair",
        replace(COLUMNS_OF_SUMS, r"shl.b32\1, 0;", ISSUER_SUMS),
        "race",
        "bits",
    ),
    mutation(
        "sums of two tiles share columns",
        "pair",
        replace(COLUMNS_OF_SUMS, r"shl.b32\1, 7;", ISSUER_SUMS),
        "race",
        "bits",
    ),
    mutation(
        "leading and stride offsets are exchanged",
        "pair",
        descriptors(lambda bits: bits & ~(0x3FFF << 32) | 64 << 16),
        "bits",
    ),
    mutation("the stride offset is halved", "pair", descriptors(lambda bits: bits ^ (64 ^ 32) << 32), "bits"),
    mutation("a descriptor says another swizzle", "pair", descriptors(lambda bits: bits ^ (2 ^ 4) << 61), "bits"),
    mutation("a descriptor of Hopper's version", "pair", descriptors(lambda bits: bits & ~(1 << 46)), "tcgen05"),
    mutation("every product takes the first 16 of K", "pair", replace(rf"{DESCRIPTOR + 2};", f"{DESCRIPTOR};"), "bits"),
    mutation(
        "products of 128 columns",
        "pair",
        instruction(lambda bits: bits & ~(63 << 17) | 16 << 17),
        "uninitialised",
        "bits",
    ),
    mutation(
        "products of 128 rows", "pair", instruction(lambda bits: bits & ~(31 << 24) | 8 << 24), "uninitialised", "bits"
    ),
    mutation("BF16 is taken for FP16", "pair", instruction(lambda bits: bits & ~(7 << 7 | 7 << 10)), "bits"),
    mutation("A is taken to be MN-major", "pair", instruction(lambda bits: bits | 1 << 15), "bits"),
    mutation("A is negated", "pair", instruction(lambda bits: bits | 1 << 13), "bits", "tcgen05"),
)

EPILOGUE = (
    mutation("sums are read before they are there", "pair", drop_wait(EPILOGUE_ACCUMULATORS), "race", "uninitialised"),
    mutation(
        "the parity of the sums' barrier is the other one",
        "pair",
        flip_parity(EPILOGUE_ACCUMULATORS),
        "race",
        "uninitialised",
        "deadlock",
    ),
    mutation("no fence after waiting for sums", "pair", drop(r"tcgen05\.fence::after_thread_sync", 3), "tcgen05-fence"),
    mutation(
        "no fence before sums are released",
        "pair",
        drop(r"tcgen05\.fence::before_thread_sync", 1),
        "tcgen05-fence",
        "race",
    ),
    mutation("loads of sums are not waited for", "pair", drop(r"tcgen05\.wait::ld"), "tcgen05"),
    mutation(
        "sums are released to the own block",
        "pair",
        replace(
            r"mapa\.shared::cluster\.u32 remote, (%r\d+), %r\d+;",
            r"mov.u32 remote, %cluster_ctarank;\nmapa.shared::cluster.u32 remote, \1, remote;",
        ),
        "deadlock",
        "mbarrier",
    ),
    mutation("sums are not released", "one", drop(r"mbarrier\.arrive\.shared::cta", -1), "deadlock"),
    mutation(
        "a warp reads another's lanes",
        "pair",
        replace(r"shl\.b32(\s+%r\d+, %r2), 21;", r"shl.b32\1, 20;"),
        "bits",
        "tcgen05",
        "bounds",
    ),
    mutation("a slot is read before it is filled", "pair", drop_wait(EPILOGUE_SLOT), "race", "uninitialised"),
    mutation("no proxy fence before the bulk store", "pair", drop(r"fence\.proxy\.async"), "proxy-fence"),
    mutation("lanes do not meet before a bulk store", "pair", drop(r"bar\.warp\.sync", -2), "race"),
    mutation(
        "a buffer is written while its store reads it", "pair", drop(r"cp\.async\.bulk\.wait_group\.read", 0), "race"
    ),
    mutation("the last stores are not waited for", "pair", drop(r"cp\.async\.bulk\.wait_group\.read", -1), "exit"),
)

# Of the FP8 kernel: offsets of its barriers in shared memory, and of the columns of scales.
FULL, ARRANGED, SCALES_OF_A, SCALES_OF_B = 214016, 214112, 384, 388
GAP = r"(?:\s|//[^\n]*\n)*"  # between two instructions
SCALES = 70403103916032  # the constant part of a descriptor of scales: 128 bytes to the next 8 rows, no swizzle


def drop_wait_at(offset):
    """Without the waits for barriers of the ring that starts at this offset."""

    def edit(text):
        addresses = re.findall(rf"add\.s32\s+(%r\d+), %r\d+, {offset};", text)
        edited = replace(rf"again:\nmbarrier\.try_wait[^;]*\[(?:{'|'.join(addresses)})\][^;]*;\n@!done bra again;", "")
        return edited(text)

    return edit


SCALED = (
    mutation(
        "B's scales are those of the next 32 of K",
        "scaled",
        replace(r"(selp\.b16\s+%rs\d+, )16(, %rs\d+, %p\d+;)", r"\g<1>32\2"),
        "bits",
    ),
    mutation(
        "A's scales are always those of the first 128 of K",
        "scaled",
        replace(r"(and\.b16\s+%rs\d+, %rs\d+, )24576;", r"\g<1>0;"),
        "bits",
    ),
    mutation("A's scales are not copied", "scaled", drop(r"tcgen05\.cp", 0), "uninitialised", "tcgen05"),
    mutation(
        "scales of B's last columns are not copied", "scaled", drop(r"tcgen05\.cp", 2), "uninitialised", "tcgen05"
    ),
    mutation(
        "scales of A and B are exchanged",
        "scaled",
        replace(r"(block_scale [^;]*), (\[%r\d+\]), (\[%r\d+\]), p;", r"\1, \3, \2, p;"),
        "bits",
        "uninitialised",
    ),
    mutation(
        "scales lie where sums do",
        "scaled",
        replace(rf"(add\.s32\s+%r\d+, %r\d+, ){SCALES_OF_A};", r"\g<1>380;", 0),
        "race",
        "bits",
        "uninitialised",
        "tcgen05",
    ),
    mutation(
        "scales of A and B share columns",
        "scaled",
        replace(rf"(add\.s32\s+%r\d+, %r\d+, ){SCALES_OF_B};", rf"\g<1>{SCALES_OF_A + 2};", 0),
        "bits",
        "race",
        "uninitialised",
    ),
    mutation(
        "the stride of a descriptor of scales is doubled",
        "scaled",
        replace(rf"\b{SCALES};", f"{SCALES + (8 << 32)};"),
        "bits",
        "uninitialised",
        "race",
    ),
    mutation(
        "scales are not arranged",
        "scaled",
        replace(rf"(bar\.warp\.sync\s+-1;{GAP}mad\.lo\.s32[^;]*;{GAP})st\.shared\.v4\.s32[^;]*;", r"\1"),
        "bits",
        "uninitialised",
    ),
    mutation(
        "lanes overwrite scales that others have not read",
        "scaled",
        replace(rf"bar\.warp\.sync\s+-1;({GAP}mad\.lo\.s32[^;]*;{GAP}st\.shared\.v4)", r"\1"),
        "race",
    ),
    mutation(
        "arranged scales are not fenced from tcgen05.cp",
        "scaled",
        drop(r"fence\.proxy\.async", slice(0, 3)),
        "proxy-fence",
    ),
    mutation("scales are arranged before they are there", "scaled", drop_wait_at(FULL), "race", "uninitialised"),
    mutation("scales are copied before they are arranged", "scaled", drop_wait_at(ARRANGED), "race", "uninitialised"),
    mutation(
        "the other block's scales are not announced to the issuer",
        "scaled",
        replace(
            r"mapa\.shared::cluster\.u32 remote, (%r\d+), %r\d+;",
            r"mov.u32 remote, %cluster_ctarank;\nmapa.shared::cluster.u32 remote, \1, remote;",
        ),
        "deadlock",
    ),
    mutation(
        "B is taken for FP8",
        "scaled",
        replace(r"(and\.b16\s+%rs\d+, %rs\d+, )7168;", r"\g<1>0;"),
        "uninitialised",
        "bits",
    ),
    mutation(
        "A is taken for FP4",
        "scaled",
        replace(r"and\.b16(\s+%rs\d+), %rs\d+, 896;", r"mov.b16\1, 640;"),
        "bits",
    ),
    mutation(
        "bytes are announced for gaps too",
        "scaled",
        replace(
            r"(mbarrier\.arrive\.expect_tx\S* _, \[%r\d+\]), (%r\d+);",
            r".reg .b32 more;\nadd.s32 more, \2, 6144;\n\1, more;",
        ),
        "deadlock",
    ),
    mutation(
        "products of a stage stop after three",
        "scaled",
        replace(r"(setp\.eq\.s32\s+%p\d+, %r\d+, )3;(?=\s*@%p\d+ bra)", r"\g<1>4;"),
        "bits",
    ),
)

# Waits in the order of that kernel's text: of the epilogue for products, of the producer for a place of rows of q, of
# the issuer for an accumulator.
LOGITS_PRODUCTS, LOGITS_ROWS, LOGITS_ACCUMULATOR = 1, 3, 10
INDEXER = (
    mutation("logits are summed before their products are there", "logits", drop_wait(LOGITS_PRODUCTS), "race"),
    mutation("products overwrite sums that are read", "logits", drop_wait(LOGITS_ACCUMULATOR), "race"),
    mutation("the next rows of q overwrite those in use", "logits", drop_wait(LOGITS_ROWS), "race"),
    mutation("products are used before they have been loaded", "logits", drop(r"tcgen05\.wait::ld", 1), "tcgen05"),
    mutation(
        "an accumulator is given back without a fence",
        "logits",
        drop(r"tcgen05\.fence::before_thread_sync", 1),
        "tcgen05-fence",
        "race",
    ),
    mutation("what is negative is not left out", "logits", replace(r"abs\.f32", "neg.f32"), "bits"),
    mutation("keys' scales are not arranged", "logits", drop(r"st\.shared\.v4", 5), "bits"),
    mutation("keys' scales are not fenced from tcgen05.cp", "logits", drop(r"fence\.proxy\.async", 1), "proxy-fence"),
    mutation("a stage is never given back", "logits", drop(COMMIT, 2), "deadlock"),
)

MUTATIONS = START_AND_END + PRODUCER + ISSUER + EPILOGUE + SCALED + INDEXER
