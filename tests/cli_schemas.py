"""JSON schemas of what the commands print."""

from typing import Any

TEXT, NUMBER, FLAG = {"type": "string"}, {"type": "number"}, {"type": "boolean"}
COUNT = {"type": "integer", "minimum": 0}
SHA256 = {"type": "string", "pattern": "^[0-9a-f]{64}$"}


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
CHOICE = closed(kernel=COUNT, name=TEXT, grid=COUNT, tiles=COUNT, predicted_us=NUMBER, measured_us=NUMBER, reason=TEXT, spec=SPEC)

LIST = closed(gemm=array_of(SPEC), conversion=array_of(CUBIN))
EXPLAIN = closed(
    problem=closed(family=TEXT, m=COUNT, n=COUNT, k=COUNT, num_sms=COUNT),
    device=DEVICE,
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
