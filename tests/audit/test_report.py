"""The page of a plan: complete, self-contained, sound HTML."""

import json
import re
from html import unescape
from html.parser import HTMLParser

import pytest
from aotgemm import _core
from aotgemm.audit.architectures import calls_of
from aotgemm.audit.library import read_manifest
from aotgemm.audit.plan import make_plan
from aotgemm.audit.report import render
from aotgemm.audit.report.axes import m_ticks, time_axis, x_of
from aotgemm.audit.report.calls import anchor_of
from aotgemm.audit.report.charts import strip
from aotgemm.audit.report.measured import read_measured
from aotgemm.audit.report.palette import marks_of
from aotgemm.audit.report.resources import blocks_per_sm, tensor_instructions
from aotgemm.audit.report.roofline import roofline_us
from aotgemm.audit.sources import model_config
from aotgemm.cli import main
from aotgemm.errors import RequestError
from aotgemm.plan.document import canonical_text, sealed
from plans import SOURCE, small_plan, write_plan

from codegen.families import FAMILIES

VOID = {"meta", "input", "br", "wbr", "link", "rect", "path"}
H100 = _core.named_device("h100")


class Page(HTMLParser):
    """Checks that tags nest, and collects what they refer to and say."""

    def __init__(self, text):
        super().__init__()
        self.open, self.ids, self.references, self.text, self.tags = [], [], [], [], []
        self.feed(text)
        assert self.open == []

    def handle_starttag(self, tag, attributes):
        self.tags.append(tag)
        for name, value in attributes:
            self.ids += [value] if name == "id" else []
            self.references += [value] if name in ("src", "href", "action", "xlink:href") else []
        if tag not in VOID or tag in ("rect", "path"):
            self.open.append(tag)

    def handle_startendtag(self, tag, attributes):
        self.tags.append(tag)

    def handle_endtag(self, tag):
        assert self.open and self.open.pop() == tag, tag

    def handle_data(self, data):
        self.text.append(data)


@pytest.fixture(scope="module")
def plan():
    return small_plan(tokens=300, shapes=((64, 128), (512, 256), (576, 256)))


@pytest.fixture(scope="module")
def html(plan):
    return render(plan)


def test_it_is_sound_and_refers_to_nothing_outside(html):
    page = Page(html)
    assert html.startswith("<!DOCTYPE html>") and len(page.ids) == len(set(page.ids))
    assert all(reference.startswith("#") and reference[1:] in page.ids for reference in page.references)
    assert not re.search(r"@import|url\(|https?://", html)


def rows_of(html, kind):
    """Rows of a sort of table, as their own text."""
    tables = re.findall(rf'<table class="stack {kind}">.*?<tbody>(.*?)</tbody>', html)
    return [re.findall(r"<tr.*?</tr>", table) for table in tables]


def test_everything_in_the_plan_is_on_the_page(html, plan):
    tables = rows_of(html, "intervals")
    assert len(tables) == len(plan["calls"])
    for call, rows in zip(plan["calls"], tables, strict=True):
        assert call["layers"][0] in html and f"N = {call['n']}, K = {call['k']}" in html
        for interval, row in zip(call["intervals"], rows, strict=True):
            first, last = interval["m"]
            assert f'<th scope="row">{first if first == last else f"{first} to {last}"}</th>' in row
            assert f'href="#kernel-{interval["kernel"]}"' in row and f'title="{interval["kernel"]}"' in row
    (kernels,) = rows_of(html, "kernels")
    for kernel, row in zip(plan["kernels"], kernels, strict=True):
        assert kernel["name"] in row.replace("<wbr>", "") and f"<code>{kernel['sha256']}</code>" in row
    assert plan["sha256"] in html and plan["library"]["sha256"] in html
    assert "holds every kernel of this plan, byte for byte" in html


def test_a_kernel_links_back_to_the_calls_that_run_it(html, plan):
    (rows,) = rows_of(html, "kernels")
    for kernel, row in zip(plan["kernels"], rows, strict=True):
        users = [c for c in plan["calls"] if kernel["name"] in {i["kernel"] for i in c["intervals"]}]
        assert re.findall(r'href="#(.*?)"', row) == [anchor_of(call) for call in users]


def data_of(html):
    return json.loads(re.search(r'<script id="data" type="application/json">(.*?)</script>', html)[1])


def test_the_box_answers_as_the_selection_does(html, plan):
    data = data_of(html)
    for call, answer in zip(plan["calls"], data["calls"], strict=True):
        assert (answer["sms"], answer["missing"], answer["ends"][-1]) == (132, "", 300)
        for m in range(1, 301):
            index = next(i for i, end in enumerate(answer["ends"]) if end >= m)
            kernel = data["kernels"][answer["kernels"][index] - 1]
            chosen = _core.select("fp8_gemm_1d2d", m, call["n"], call["k"], 0, H100, 1)[0]["name"]
            assert kernel["name"] == chosen and f'id="{kernel["anchor"]}"' in html and f'id="{answer["id"]}"' in html
    assert {k["name"]: k["sha256"] for k in data["kernels"]} == {k["name"]: k["sha256"] for k in plan["kernels"]}


def test_one_map_for_each_k(html):
    titles = [unescape(text) for text in re.findall(r"<figcaption>(.*?)</figcaption>", html)]
    assert titles == [f"K = {k}: fp8_gemm_1d2d dense, 132 SMs" for k in (128, 256)]


def test_what_a_plan_says_cannot_become_code(plan):
    evil = '<script>alert("&")</script>'
    changed = small_plan(tokens=4)
    changed["calls"][0]["layers"] = [evil]
    changed["source"]["name"] = evil
    html = render(sealed(changed), evil)
    assert evil not in html and html.count("<script>") == 1
    assert (data_of(html)["file"], data_of(html)["calls"][0]["layers"]) == (evil, evil)
    assert "&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;" in html


def test_a_missing_kernel_and_another_library_are_told():
    changed = small_plan(tokens=4)
    changed["calls"][0] |= {"intervals": [], "missing": "no kernel of that sort", "family": "other"}
    changed["kernels"][0]["sha256"] = "0" * 64
    html = render(sealed(changed))
    Page(html)
    assert "No kernel: no kernel of that sort" in html and "is not the one of this plan: 1 kernels differ" in html


def test_another_build_of_the_library_is_told():
    plan = small_plan(tokens=4)
    plan["library"]["sha256"] = "0" * 64
    html = render(sealed(plan))
    assert "holds every kernel of this plan" in html and "It is another build of libaotgemm.so" in html


def test_the_strip_covers_the_axis(plan):
    for call in plan["calls"]:
        drawn = strip(call["intervals"], marks_of(plan["kernels"]))
        parts = [
            (float(x), float(w))
            for x, w in re.findall(r'<rect class="t\d[ a-z]*" x="([\d.]+)" width="([\d.]+)"', drawn)
        ]
        assert len(parts) == len(call["intervals"]) and parts[0][0] == 0
        assert abs(sum(w for _, w in parts) - 100) < 0.01
        assert all(abs(x + w - next_x) < 0.01 for (x, w), (next_x, _) in zip(parts, parts[1:], strict=False))


@pytest.mark.parametrize("times", [[5.0], [9.9, 10.1], [1.0, 2.0, 4.0], [0.01, 30_000.0], [3.0, 70.0], [999.0, 1001.0]])
def test_a_time_axis_holds_its_times_and_has_ticks(times):
    axis = time_axis(times)
    assert axis.low < min(times) and max(times) < axis.high
    assert 2 <= len(axis.ticks()) <= 8 and all(axis.low <= us <= axis.high for us in axis.ticks())
    assert axis.y_of(axis.high) == 0 and axis.y_of(axis.low) == 100 and all(0 < axis.y_of(us) < 100 for us in times)


def test_an_m_axis_has_ticks():
    assert m_ticks(8192) == [1, 8, 64, 512] and m_ticks(1) == [1]
    assert (x_of(1, 8191), x_of(8192, 8191)) == (0, 100)


def run_file(folder, *rows):
    document = {"card": "NVIDIA H100", "date": "2026-11-27", "version": "0", "suites": []}
    usual = {"kind": "fp8_gemm_1d2d", "m": 96, "n": 512, "k": 256, "kernel": None, "us": {"aotgemm": 7.5}}
    described = [usual | row for row in rows]
    path = folder / "run.json"
    path.write_text(json.dumps(document | {"gemm": {"limits": {"gbps": 3000.0, "tflops": {}}, "rows": described}}))
    return path


def test_measured_times_are_drawn_beside_the_predicted_ones(tmp_path, plan):
    """Those of the plan's calls, within its M, of ours, and of calls whose M is one number."""
    others = {"n": 520}, {"m": 301}, {"us": {"cublas": 3.0}}, {"kind": "fp8_gemm_1d2d_masked", "counts": [3, 4]}
    path = run_file(tmp_path, {}, {"m": 3, "us": {"aotgemm": 6.0}}, *others)
    html = render(plan, "p.json", [path])
    titles = re.findall(r'<i class="dot" style="left:([\d.]+)%;top:[\d.]+%" title="(.*?)"', html)
    assert titles == [
        (f"{x_of(m, 300):.2f}", f"M = {m}: {us} us measured on NVIDIA H100, 2026-11-27, with a kernel")
        for m, us in ((3, "6.0"), (96, "7.5"))
    ]
    assert "</b> on NVIDIA H100, 2026-11-27 (the plan is for h100)" in html
    assert 'class="dot" style' not in render(plan) and "No measured times are here" in render(plan)


def test_what_is_no_saved_run_is_refused(tmp_path):
    (tmp_path / "x.json").write_text("{}")
    with pytest.raises(RequestError, match="x.json is not a saved run"):
        read_measured([tmp_path / "x.json"])


def test_roofline_by_hand():
    call = dict(family="fp8_gemm_1d2d", grouping="dense", groups=1, n=4096, k=7168, num_sms=132, out_dtype="bf16")
    compute, memory = roofline_us(call, H100, 8192)
    assert compute == pytest.approx(2 * 8192 * 4096 * 7168 / (8192 * 132 * 1980e6) * 1e6)
    assert memory == pytest.approx((8192 * 7168 + 4096 * 7168 + 2 * 8192 * 4096) / 3352e3)
    grouped = call | dict(grouping="contiguous", groups=4)
    assert roofline_us(grouped, H100, 128)[1] == pytest.approx((128 * 7168 + 4096 * 7168 + 2 * 128 * 4096) / 3352e3)
    masked = call | dict(grouping="masked", groups=4)
    assert roofline_us(masked, H100, 8)[1] == pytest.approx(4 * (8 * 7168 + 4096 * 7168 + 2 * 8 * 4096) / 3352e3)
    assert roofline_us(call | dict(family="bf16_gemm"), H100, 64)[0] == 2 * roofline_us(call, H100, 64)[0]


def test_a_b200_multiplies_twice_as_much_in_a_cycle():
    call = dict(family="fp8_fp4_gemm", grouping="dense", groups=1, n=4096, k=7168, num_sms=148, out_dtype="bf16")
    b200 = _core.named_device("b200")
    assert roofline_us(call, b200, 8192)[0] == pytest.approx(2 * 8192 * 4096 * 7168 / (16384 * 148 * 1965e6) * 1e6)
    assert roofline_us(call | dict(family="bf16_gemm"), b200, 64)[0] == 2 * roofline_us(call, b200, 64)[0]


def test_the_page_of_a_b200_says_that_its_times_are_not_measured():
    b200 = _core.named_device("b200")
    plan = make_plan(calls_of(model_config("deepseek-v3"), 8, 8), b200, SOURCE, 64)
    assert '<div class="wide"><dt>times</dt><dd>predicted from published facts, not measured</dd>' in render(plan)


def test_an_indexers_groups_are_called_heads():
    """Of DeepSeek-V3.2: 64 heads of 128, and as many keys as the longest context has."""
    html = render(make_plan(calls_of(model_config("deepseek-v3.2"), 8, 8), H100, SOURCE, 64))
    assert "N = 163840, K = 128, 64 heads; mqa_logits dense nt, fp32 out" in html and "32 groups" in html


def test_no_chart_has_more_than_eight_colours():
    plan = make_plan(calls_of(model_config("deepseek-v3"), 8, 8), H100, SOURCE, 8192)
    html = render(plan)
    drawings = re.findall(r"<svg.*?</svg>", html)
    assert max(len(set(re.findall(r'class="(t\d)', drawing))) for drawing in drawings) > 4
    assert set(re.findall(r"rect class=\"(t\d+)", html)) <= {f"t{kind}" for kind in range(8)}
    assert not re.search(r'fill="|style="background', html)


def test_occupancy_and_tensor_core_instructions():
    assert blocks_per_sm(dict(threads=128, registers=64, shared_bytes=0, static_shared_bytes=0)) == 8
    assert blocks_per_sm(dict(threads=128, registers=32, shared_bytes=100_000, static_shared_bytes=0)) == 2
    assert blocks_per_sm(dict(registers=32, static_shared_bytes=0)) is None
    assert tensor_instructions({"QGMMA": 3, "HGMMA": 2, "FFMA": 9, "UTMALDG": 1}) == 5
    for kernel in read_manifest()["kernels"]:
        multiplies = FAMILIES[kernel["spec"]["family"]].operand is not None
        assert (tensor_instructions(kernel["instructions"]) > 0) == multiplies


def test_the_command(tmp_path, capsys, html, plan):
    path = write_plan(tmp_path, plan)
    assert main(["report", str(path), "-o", str(tmp_path / "r.html"), "--json"]) == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == html
    assert '"calls": 3' in capsys.readouterr().out
    spaced = tmp_path / "my plan.json"
    path.rename(spaced)
    assert main(["report", str(spaced), "-o", str(tmp_path / "s.html")]) == 0
    assert "aotgemm verify &#x27;my plan.json&#x27;" in (tmp_path / "s.html").read_text(encoding="utf-8")
    spaced.rename(path)
    assert main(["report", str(path), "-o", str(tmp_path / "no" / "r.html")]) == 2
    assert main(["report", str(path), "-o", str(tmp_path / "r.html"), "--measured", str(path)]) == 2
    (tmp_path / "cut").write_text(canonical_text(plan)[:500])
    assert main(["report", str(tmp_path / "cut"), "-o", str(tmp_path / "r.html")]) == 2
