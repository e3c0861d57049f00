"""Reading plan files: whatever is not a whole and sound plan is a PlanError, and nothing else."""

import copy
import json
import random

import aotgemm
import jsonschema
import pytest
from aotgemm.plan import schema
from aotgemm.plan.document import SEAL, canonical_text, sealed
from aotgemm.plan.plan_file import parse_plan, plan_schema, read_plan
from plans import small_plan, write_plan

MUTATIONS = 10_000
SHARES = 8  # of the mutations: the cores share them
SCHEMA = plan_schema()
REFERENCE = jsonschema.Draft202012Validator(SCHEMA)
JUNK = (
    "",
    "x" * 2000,
    None,
    True,
    -1,
    0,
    1,
    2**31,
    2**63,
    10**30,
    1.5,
    -0.5,
    1e308,
    [],
    {},
    [[]],
    {"m": 1},
    "\x00",
    "ß",
)


@pytest.fixture(scope="module")
def plan():
    return small_plan(tokens=16)


def mutated_text(choose, data):
    """The file with bytes changed, dropped, repeated or cut off; one byte at least is left."""
    data = bytearray(data)
    for _ in range(choose.randint(1, 4)):
        at = choose.randrange(len(data))
        match choose.randrange(5):
            case 0:
                data[at] = choose.randrange(256)
            case 1:
                del data[max(at, 1) : at + choose.randint(1, 200)]
            case 2:
                data[at:at] = data[at : at + choose.randint(1, 200)]
            case 3:
                data[at:at] = choose.choice(
                    (b"[" * 3000, b"9" * 5000, b"1e999", b"NaN", b"\xff\xfe", b'"\\ud800"', b"null")
                )
            case 4:
                del data[max(at, 1) :]
    return bytes(data)


def places(value, path=()):
    """Every place in a document."""
    yield path
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, item in items:
        yield from places(item, (*path, key))


def mutated_plan(choose, plan, all_places):
    """The plan with a value, a key or an entry replaced, added, dropped or doubled."""
    plan = copy.deepcopy(plan)
    for _ in range(choose.randint(1, 2)):
        *path, key = choose.choice(all_places)
        holder = plan
        try:
            for step in path:
                holder = holder[step]
            match choose.randrange(4):
                case 0 | 1:
                    holder[key] = copy.deepcopy(choose.choice(JUNK))
                case 2:
                    del holder[key]
                case 3 if isinstance(holder, list):
                    holder.insert(key, copy.deepcopy(choose.choice(holder)))
                case 3:
                    holder[choose.choice(("extra", "kernels", "m"))] = copy.deepcopy(choose.choice(JUNK))
        except (KeyError, IndexError, TypeError):
            continue  # a place that an earlier change took away
    return plan


def test_mutated_bytes_are_refused(plan):
    choose, text = random.Random(1), canonical_text(plan).encode()
    accepted = 0
    for _ in range(MUTATIONS):
        data = mutated_text(choose, text)
        try:
            assert parse_plan(data) == plan  # spaces may move; nothing else
            accepted += 1
        except aotgemm.PlanError:
            pass
    assert accepted < MUTATIONS // 50


def try_seal(plan):
    """Seals it where that can be done, so that the seal does not hide what else is wrong."""
    try:
        return sealed(plan)
    except (KeyError, TypeError, ValueError, AttributeError):
        return plan


@pytest.mark.filterwarnings("ignore::aotgemm.PlanWarning")
@pytest.mark.parametrize("share", range(SHARES))
def test_mutated_plans_are_refused_or_sound(plan, tmp_path, share):
    """What the schema refuses is refused. What is left may contradict itself, or is a sound plan that loads."""
    choose, all_places = random.Random(20 + share), [place for place in places(plan) if place]
    count = MUTATIONS // SHARES
    outcomes = {"schema": 0, "contradiction": 0, "sound": 0}
    for number in range(count):
        path = tmp_path / f"{number}.json"  # writing one file again and again waits for the disk
        changed = try_seal(mutated_plan(choose, plan, all_places))
        path.write_text(json.dumps(changed), encoding="utf-8")
        valid = REFERENCE.is_valid(changed)
        try:
            aotgemm.load_plan(path, "record")
            outcomes["sound"] += 1
            assert valid
        except aotgemm.PlanError:
            outcomes["contradiction" if valid else "schema"] += 1
        finally:
            aotgemm.unload_plan()
    assert outcomes["schema"] > count // 2 and outcomes["contradiction"] > count // 100, outcomes
    assert outcomes["sound"] > count // 500, outcomes


def test_own_validator_agrees_with_jsonschema(plan):
    choose, all_places = random.Random(3), [place for place in places(plan) if place]
    verdicts = set()
    for _ in range(3000):
        changed = mutated_plan(choose, plan, all_places)
        verdict = next(schema.violations(changed, SCHEMA, SCHEMA), None) is None
        assert verdict == REFERENCE.is_valid(changed), changed
        verdicts.add(verdict)
    assert verdicts == {True, False}


def test_the_schema_is_one():
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    with pytest.raises(schema.UnknownKeywordError, match="oneOf"):
        list(schema.violations(1, {"oneOf": []}, {}))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (
            lambda p: p.update(format="aotgemm plan 3"),
            r"plan.format: is 'aotgemm plan 3', allowed is enum \['aotgemm plan 2', 'aotgemm plan 1'\]",
        ),
        (lambda p: p.update(note="hi"), "plan: has 'note', allowed are format, sha256"),
        (lambda p: p["device"].update(num_sms="132"), r"plan.device.num_sms: is '132', allowed is type integer"),
        (lambda p: p["kernels"].append(p["kernels"][0]), "plan.kernels: a name stands twice"),
        (lambda p: p["calls"].append(p["calls"][0]), r"plan.calls\[2\]: the same call stands twice"),
        (lambda p: p["calls"][0]["intervals"][0].update(m=[9, 3]), r"plan.calls\[0\]: M = 9 to 3 does not follow 0"),
        (lambda p: p["calls"][0]["intervals"][0].update(kernel="k"), "kernel k is not among the plan's kernels"),
        (lambda p: p["calls"][0].update(missing="lost"), "both intervals and a reason"),
        (lambda p: p["calls"][0].update(layers=[]), r"plan.calls\[0\].layers: is list of 0, allowed is minItems 1"),
    ],
)
def test_what_is_wrong_is_named(plan, change, message):
    changed = copy.deepcopy(plan)
    change(changed)
    with pytest.raises(aotgemm.PlanError, match=message):
        parse_plan(json.dumps(sealed(changed)).encode())


def test_an_edited_plan_is_refused(plan):
    text = canonical_text(plan).replace('"clock_mhz": 1980', '"clock_mhz": 1979')
    with pytest.raises(
        aotgemm.PlanError, match=f"plan.{SEAL}: is {plan[SEAL]}, but the contents give .*: the plan was edited"
    ):
        parse_plan(text.encode())


@pytest.mark.parametrize(
    "data", [b"", b"null", b"[]", b"{", b"\xff", b"[" * 100_000, b'{"a":1,"a":1}', b"Infinity", b"9" * 10_000]
)
def test_what_is_no_plan_at_all(data):
    with pytest.raises(aotgemm.PlanError, match="^plan"):
        parse_plan(data)


def test_unreadable_files(tmp_path):
    for path in (tmp_path, tmp_path / "none", "\0"):
        with pytest.raises(aotgemm.PlanError, match="cannot be read"):
            read_plan(path)


def test_spaces_do_not_matter(tmp_path, plan):
    path = write_plan(tmp_path, plan)
    path.write_text(json.dumps(plan, indent=4), encoding="utf-8")
    assert read_plan(path) == plan
