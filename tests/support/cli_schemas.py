"""JSON schemas of what the commands print."""

from typing import Any

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
MEASURED = {"type": ["number", "null"], "exclusiveMinimum": 0}
SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
HASH_OR_NONE = {"type": "string", "pattern": "^([0-9a-f]{64})?$"}


def closed(**properties: Any) -> dict[str, Any]:
    """An object with these properties and no others."""
    return {"type": "object", "properties": properties, "required": list(properties), "additionalProperties": False}


def array_of(items: Any) -> dict[str, Any]:
    return {"type": "array", "items": items}


SPEC = closed(
    kernel=COUNT,
    name=TEXT,
    arch=TEXT,
    family=TEXT,
    grouping=TEXT,
    layout=TEXT,
    out_dtype=TEXT,
    block_m=COUNT,
    block_n=COUNT,
    block_k=COUNT,
    stages=COUNT,
    in_flight=COUNT,
    cluster_m=COUNT,
    cluster_n=COUNT,
    swap_ab=FLAG,
    threads=COUNT,
    shared_bytes=COUNT,
    sha256=SHA256,
)
CUBIN = closed(name=TEXT, arch=TEXT, sha256=SHA256, size=COUNT)
DEVICE = closed(name=TEXT, cc_major=COUNT, cc_minor=COUNT, num_sms=COUNT, memory_gbps=COUNT, clock_mhz=COUNT)
CHOICE = closed(
    kernel=COUNT, name=TEXT, grid=COUNT, tiles=COUNT, predicted_us=NUMBER, measured_us=MEASURED, reason=TEXT, spec=SPEC
)

LIST = closed(gemm=array_of(SPEC), conversion=array_of(CUBIN))
EXPLAIN = closed(
    problem=closed(
        family=TEXT, grouping=TEXT, layout=TEXT, out_dtype=TEXT, groups=COUNT, m=COUNT, n=COUNT, k=COUNT, num_sms=COUNT
    ),
    device=DEVICE,
    times=TEXT,
    choice=CHOICE,
    next=array_of(CHOICE),
)
DEMO = closed(
    device=TEXT,
    m=COUNT,
    n=COUNT,
    k=COUNT,
    kernel=TEXT,
    time_us=NUMBER,
    tflops=NUMBER,
    error_of_arithmetic=NUMBER,
    error_of_fp8=NUMBER,
    bits_checked_against=TEXT,
    outputs_checked=COUNT,
    outputs_differing=COUNT,
)
BENCH_HOST = closed(
    card=TEXT,
    date=TEXT,
    version=TEXT,
    suites=array_of(TEXT),
    host=closed(shape=array_of(COUNT), us={"type": "object", "additionalProperties": NUMBER, "minProperties": 1}),
)
SELFTEST = closed(
    device=TEXT,
    checked=TEXT,
    specs=COUNT,
    cases=COUNT,
    equal=COUNT,
    differing=COUNT,
    tallies=array_of(closed(name=TEXT, cases=COUNT, equal=COUNT, differing=COUNT)),
    failures=array_of(TEXT),
)
DOCTOR = closed(
    version=TEXT,
    library=TEXT,
    python=TEXT,
    architectures=array_of(TEXT),
    kernels=COUNT,
    cpu_threads=COUNT,
    driver=TEXT,
    no_cuda_because=TEXT,
    devices=array_of({"type": "object", "required": ["ordinal", "name", "problem"]}),
    frameworks={"type": "object", "additionalProperties": TEXT},
    cpu_problem=TEXT,
    works=closed(cpu=FLAG, cuda=array_of(COUNT)),
)
SASS = closed(name=TEXT, arch=TEXT, sha256=SHA256, sass=TEXT)

# Plans: a call as verify and diff name it, its range of M, and a piece of it that changes.
CALL = dict(layers=array_of(TEXT), family=TEXT, grouping=TEXT, groups=COUNT, n=COUNT, k=COUNT, num_sms=COUNT)
KERNEL_STATES = ("equal", "code differs", "metadata differs", "missing", "damaged, not in the plan")
PLANNED_KERNEL = closed(
    name=TEXT,
    arch=TEXT,
    planned=SHA256,
    found=HASH_OR_NONE,
    state={"enum": list(KERNEL_STATES)},
)
FILE_STATES = ("equal", "another build", "not stated in the plan")
VERIFY = closed(
    library=TEXT,
    library_file=closed(planned=HASH_OR_NONE, found=SHA256, state={"enum": list(FILE_STATES)}),
    kernels=array_of(PLANNED_KERNEL),
    differing=COUNT,
    selection_checked=FLAG,
    selection_changed=array_of(closed(**CALL)),
    ok=FLAG,
    without_a_kernel=COUNT,
)
NAMED_CALL = CALL | dict(layout=TEXT, out_dtype=TEXT)
CHANGE = closed(m=array_of(COUNT), old=TEXT, new=TEXT, old_us=array_of(NUMBER), new_us=array_of(NUMBER))
CHANGED_CALL = closed(**NAMED_CALL, old_m=array_of(COUNT), new_m=array_of(COUNT), changes=array_of(CHANGE))
RENAMED = array_of(closed(old=TEXT, new=TEXT))
DIFF_KERNELS = closed(
    added=array_of(TEXT),
    removed=array_of(TEXT),
    renamed=RENAMED,
    code_changed=array_of(TEXT),
    metadata_changed=array_of(TEXT),
    equal=COUNT,
)
DIFF = closed(
    facts={"type": "object"},
    families_renamed=RENAMED,
    calls=closed(
        added=array_of(closed(**NAMED_CALL)), removed=array_of(closed(**NAMED_CALL)), changed=array_of(CHANGED_CALL)
    ),
    kernels=DIFF_KERNELS,
)
DIFF_WHEELS = closed(kernels=DIFF_KERNELS)
REBUILD = closed(name=TEXT, compiler=TEXT, library_sha256=SHA256, rebuilt_sha256=SHA256, equal=FLAG, code_equal=FLAG)
