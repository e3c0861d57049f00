"""The page of a plan: complete, self-contained, sound HTML."""

import re
from html.parser import HTMLParser

import pytest
from aotgemm import _core
from aotgemm.audit.plan import read_manifest
from aotgemm.audit.report import render
from aotgemm.audit.report.charts import strip
from aotgemm.audit.report.palette import label_of, shades
from aotgemm.audit.report.resources import KINDS, blocks_per_sm, kind_of, mix
from aotgemm.audit.report.roofline import roofline_us
from aotgemm.cli import main
from aotgemm.plan.document import canonical_text, sealed
from plans import small_plan, write_plan

VOID = {"meta", "input", "br", "link", "rect", "path"}
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


def test_everything_in_the_plan_is_on_the_page(html, plan):
    for call in plan["calls"]:
        assert call["layers"][0] in html and f"N = {call['n']}, K = {call['k']}" in html
        for interval in call["intervals"]:
            assert f"<tr><td>{interval['m'][0]}</td><td>{interval['m'][1]}</td>" in html
    for kernel in plan["kernels"]:
        assert kernel["name"] in html and kernel["sha256"] in html
    assert plan["sha256"][:16] in html and "holds every kernel of this plan, byte for byte" in html


def test_one_map_for_each_k(html, plan):
    assert re.findall(r"<figcaption>(.*?)</figcaption>", html) == ["K = 128", "K = 256"]


def test_what_a_plan_says_cannot_become_code(plan):
    evil = '<script>alert("&")</script>'
    changed = small_plan(tokens=4)
    changed["calls"][0]["layers"] = [evil]
    changed["source"]["name"] = evil
    html = render(sealed(changed))
    assert evil not in html and html.count("<script>") == 1
    assert "&lt;script&gt;alert(&quot;&amp;&quot;)&lt;/script&gt;" in html


def test_a_missing_kernel_and_another_library_are_told():
    changed = small_plan(tokens=4)
    changed["calls"][0] |= {"intervals": [], "missing": "no kernel of that sort", "family": "other"}
    changed["kernels"][0]["sha256"] = "0" * 64
    html = render(sealed(changed))
    Page(html)
    assert "No kernel: no kernel of that sort" in html and "is not the one of this plan: 1 kernels differ" in html


def test_the_strip_covers_the_axis(plan):
    for call in plan["calls"]:
        drawn = strip(call["intervals"], shades([kernel["name"] for kernel in plan["kernels"]]))
        parts = [(float(x), float(w)) for x, w in re.findall(r'<rect x="([\d.]+)" width="([\d.]+)"', drawn)]
        assert len(parts) == len(call["intervals"]) and parts[0][0] == 0
        assert abs(sum(w for _, w in parts) - 100) < 0.01
        assert all(abs(x + w - next_x) < 0.01 for (x, w), (next_x, _) in zip(parts, parts[1:], strict=False))


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


def test_short_names_tell_kernels_apart():
    names = [spec["name"] for spec in _core.specs()]
    assert label_of("sm90_fp8_gemm_1d2d_dense_nt_bf16_swap_16x64x128_s12_f4_c1x1") == "16x64x128 swap s12 f4"
    assert label_of("sm90_fp8_gemm_1d2d_dense_nt_bf16_128x128x128_s5_f1_c2x1") == "128x128x128 s5 f1 c2x1"
    assert label_of("sm90_bf16_gemm_dense_nt_bf16_swap_8x64x128_s8_c1x1") == "8x64x128 swap s8"
    assert label_of("something_else") == "something_else"
    dense = [label_of(name) for name in names if "_fp8_gemm_1d2d_dense_nt_bf16_" in name]
    assert len(dense) == len(set(dense)) > 0
    colours = [shade.colour for shade in shades(names[:20]).values()]
    assert len(colours) == len(set(colours))


def test_occupancy_and_instruction_mix():
    assert blocks_per_sm(dict(threads=128, registers=64, shared_bytes=0, static_shared_bytes=0)) == 8
    assert blocks_per_sm(dict(threads=128, registers=32, shared_bytes=100_000, static_shared_bytes=0)) == 2
    assert blocks_per_sm(dict(registers=32, static_shared_bytes=0)) is None
    assert [kind_of(name) for name in ("QGMMA", "FFMA", "UTMALDG", "SYNCS", "R2UR")] == [kind for kind, _ in KINDS] + [
        "other"
    ]
    for kernel in read_manifest()["kernels"]:
        assert sum(mix(kernel["instructions"]).values()) == kernel["instructions_total"]


def test_the_command(tmp_path, capsys, html, plan):
    path = write_plan(tmp_path, plan)
    assert main(["report", str(path), "-o", str(tmp_path / "r.html"), "--json"]) == 0
    assert (tmp_path / "r.html").read_text(encoding="utf-8") == html
    assert '"calls": 3' in capsys.readouterr().out
    assert main(["report", str(path), "-o", str(tmp_path / "no" / "r.html")]) == 2
    (tmp_path / "cut").write_text(canonical_text(plan)[:500])
    assert main(["report", str(tmp_path / "cut"), "-o", str(tmp_path / "r.html")]) == 2
