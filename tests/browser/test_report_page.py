"""The report in a real browser: fits a phone and a screen, prints, and answers which kernel runs."""

import base64
import re

import pytest
from aotgemm import _core
from aotgemm.audit.architectures import calls_of
from aotgemm.audit.plan import make_plan
from aotgemm.audit.report import render
from aotgemm.audit.sources import model_config
from plans import SOURCE, small_plan
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.ui import Select

H100 = _core.named_device("h100")
PLAN = small_plan(tokens=300, shapes=((64, 128), (512, 256), (576, 256)), num_sms=(132, 78))
WIDTHS = [320, 390, 768, 1280, 2560]


def opened(browser, folder, plan):
    path = folder / "report.html"
    path.write_text(render(plan), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    return opened(browser, tmp_path_factory.mktemp("report"), PLAN)


@pytest.fixture(autouse=True)
def as_opened(page):
    """Nothing asked for, nothing searched for, on a screen."""
    resize(page, 1280)
    calm = [{"name": "prefers-reduced-motion", "value": "reduce"}]  # a click must not meet a page that still scrolls
    page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "", "features": calm})
    page.execute_script("location.hash = ''; scrollTo(0, 0)")
    for name in ("m", "search"):
        write(page, name, "")


def resize(page, width, height=800):
    """The size of the page itself, whatever frame the window has."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def write(page, name, text):
    """Types it into a field, in place of what is there."""
    field = page.find_element(By.ID, name)
    field.send_keys(Keys.CONTROL, "a")
    field.send_keys(text or Keys.DELETE)


def answers(page):
    return page.find_elements(By.CSS_SELECTOR, ".answer")


def visible(page, selector):
    return [element for element in page.find_elements(By.CSS_SELECTOR, selector) if element.is_displayed()]


@pytest.mark.parametrize("width", WIDTHS)
def test_nothing_is_wider_than_the_page(page, width):
    resize(page, width)
    write(page, "m", "96")
    for details in page.find_elements(By.TAG_NAME, "details"):
        page.execute_script("arguments[0].open = true", details)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    for chart in page.find_elements(By.CSS_SELECTOR, ".strip, .times svg, .map svg"):
        box = chart.rect
        assert box["width"] > 100 and box["height"] > 10 and box["x"] >= 0 and box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", WIDTHS)
def test_no_column_is_hidden(page, width):
    """Every cell that says something is there, within the page, and nothing scrolls sideways."""
    resize(page, width)
    for details in page.find_elements(By.TAG_NAME, "details"):
        page.execute_script("arguments[0].open = true", details)
    cells = page.execute_script(
        "return [...document.querySelectorAll('tbody td, tbody th')].filter(c => c.textContent).map(c => {"
        " const box = c.getBoundingClientRect(); return [box.left, box.right, box.height]; })"
    )
    assert len(cells) >= 3 * (len(PLAN["kernels"]) + sum(len(call["intervals"]) for call in PLAN["calls"]))
    assert all(left >= 0 and right <= width and height > 0 for left, right, height in cells)
    wide = "return [...document.querySelectorAll('body *')].filter(e => e.scrollWidth > e.clientWidth + 1 &&"
    assert (
        page.execute_script(wide + " getComputedStyle(e).overflowX != 'visible' && e.tagName != 'CAPTION').length") == 0
    )


@pytest.mark.parametrize("width", [320, 1280])
def test_text_is_large_enough(page, width):
    resize(page, width)
    write(page, "m", "96")
    sizes = page.execute_script(
        "return [...document.querySelectorAll('body *')].filter(e => e.childElementCount == 0 && e.textContent.trim()"
        " && e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 11


@pytest.mark.parametrize("m", [1, 96, 300])
def test_which_kernel_runs_and_how_to_check_it(page, m):
    write(page, "m", str(m))
    found = answers(page)
    assert len(found) == 3
    for call, block in zip([call for call in PLAN["calls"] if call["num_sms"] == 132], found, strict=True):
        name = _core.select("fp8_gemm_1d2d", m, call["n"], call["k"], 132, H100, 1)[0]["name"]
        (sha256,) = [kernel["sha256"] for kernel in PLAN["kernels"] if kernel["name"] == name]
        assert call["layers"][0] in block.text and f"N = {call['n']}, K = {call['k']}" in block.text
        assert f"sha256 {sha256}" in block.text and f"aotgemm verify plan.json --kernel {name}" in block.text
        assert "us predicted" in block.text


def test_a_browser_without_a_clipboard_selects_the_command(page):
    """As on a page that http serves."""
    write(page, "m", "96")
    page.execute_script("Object.defineProperty(navigator, 'clipboard', { value: undefined, configurable: true })")
    block = answers(page)[0]
    block.find_element(By.TAG_NAME, "button").click()
    assert block.find_element(By.TAG_NAME, "button").text == "Selected"
    selected = page.execute_script("return getSelection().toString()")
    assert selected == block.find_elements(By.TAG_NAME, "code")[1].text
    assert selected.startswith("aotgemm verify plan.json --kernel sm90_")
    page.execute_script("delete navigator.clipboard")


@pytest.mark.parametrize("width", WIDTHS)
def test_no_line_ends_within_an_option(page, width):
    resize(page, width)
    write(page, "m", "96")
    lines = "return [...document.querySelectorAll('.option')].map(e => [e.textContent, e.getClientRects().length])"
    assert page.execute_script(lines) == [["--kernel", 1]] * 3


def test_the_number_of_sms_counts(page):
    assert [option.text for option in page.find_elements(By.CSS_SELECTOR, "#sms option")] == ["132", "78"]
    write(page, "m", "96")
    Select(page.find_element(By.ID, "sms")).select_by_value("78")
    assert all("78 SMs" in block.text for block in answers(page)) and len(answers(page)) == 3
    Select(page.find_element(By.ID, "sms")).select_by_value("132")
    assert all("132 SMs" in block.text for block in answers(page))


@pytest.mark.parametrize(
    ("m", "words"),
    [("301", "Outside the plan, which ends at M = 300"), ("x", "M is x, allowed is a positive number"),
     ("0", "M is 0, allowed"), ("-4", "M is -4, allowed"), ("9" * 40, "allowed is a positive number")],
)  # fmt: skip
def test_an_m_that_is_not_in_the_plan(page, m, words):
    write(page, "m", m)
    assert words in page.find_element(By.ID, "answer").text


def test_an_address_may_ask(page):
    page.execute_script("location.hash = '#m=96&sms=78'")
    assert page.find_element(By.ID, "m").get_property("value") == "96"
    assert len(answers(page)) == 3 and "78 SMs" in answers(page)[0].text
    page.execute_script("location.hash = '#m=96&sms=132'")
    assert "132 SMs" in answers(page)[0].text


def test_an_m_is_marked_in_every_chart_and_table(page):
    write(page, "m", "96")
    lines = visible(page, ".at")
    assert len(lines) == 3  # of the calls on 132 SMs
    for article in page.find_elements(By.CSS_SELECTOR, ".call"):
        rows = article.find_elements(By.CSS_SELECTOR, "tr.here th")
        texts = [row.get_property("textContent") for row in rows]
        assert len(texts) == ("132 SMs" in article.text)
        for first, last in (
            map(int, (text if " to " in text else f"{text} to {text}").split(" to ")) for text in texts
        ):
            assert first <= 96 <= last


def test_an_interval_leads_to_its_kernel_and_back(page):
    write(page, "m", "96")
    link = answers(page)[0].find_element(By.CSS_SELECTOR, "p a")
    link.click()
    target = page.execute_script("return document.querySelector(':target')")
    assert target.get_attribute("id").removeprefix("kernel-") in link.text
    assert target.find_element(By.CSS_SELECTOR, "th").is_displayed()
    target.find_element(By.CSS_SELECTOR, "td a").click()
    back = page.execute_script("return document.querySelector(':target')")
    assert back.tag_name == "article" and back.find_element(By.TAG_NAME, "h3").is_displayed()


def test_search_hides_what_does_not_match(page):
    write(page, "search", "512x256")
    (first, second) = visible(page, ".call h3")
    assert "512x256" in first.text and "512x256" in second.text
    used = {i["kernel"] for call in PLAN["calls"] if call["n"] == 512 for i in call["intervals"]}
    assert len(visible(page, "tr.find")) == len(used)
    assert page.find_element(By.ID, "count").text == f"{2 + len(used)} of {len(PLAN['calls']) + len(PLAN['kernels'])}"
    write(page, "search", " ")
    assert len(visible(page, ".find")) == len(page.find_elements(By.CSS_SELECTOR, ".find"))


@pytest.mark.parametrize("digits", [64, 12])
def test_a_hash_shows_the_calls_that_run_it(page, digits):
    kernel = next(k for k in PLAN["kernels"] if k["name"] == PLAN["calls"][0]["intervals"][0]["kernel"])
    users = [c for c in PLAN["calls"] if kernel["name"] in {i["kernel"] for i in c["intervals"]}]
    write(page, "search", kernel["sha256"][:digits])
    assert len(visible(page, "tr.find")) == 1 and len(visible(page, ".call")) == len(users)
    hits = visible(page, "tr.hit")
    runs = sum(i["kernel"] == kernel["name"] for c in PLAN["calls"] for i in c["intervals"])
    assert len(hits) == runs > 0 and all(kernel["name"] in hit.get_property("innerHTML") for hit in hits)


def test_a_link_to_what_a_search_hides_ends_the_search(page):
    write(page, "search", "512x256")
    hidden = next(call for call in page.find_elements(By.CSS_SELECTOR, ".call") if not call.is_displayed())
    page.execute_script("location.hash = arguments[0]", hidden.get_attribute("id"))
    assert hidden.is_displayed() and page.find_element(By.ID, "search").get_property("value") == ""


def test_keys_alone_are_enough(page):
    """Tab reaches the skip link, the parts, the box and what it answers; Enter opens the intervals."""
    page.refresh()
    seen = []
    for _ in range(8):
        page.switch_to.active_element.send_keys(Keys.TAB)
        active = page.switch_to.active_element
        seen.append(active.get_attribute("id") or (active.get_attribute("href") or "").rpartition("#")[2])
    assert seen == ["calls", "calls", "kernels", "maps", "notes", "m", "sms", "search"]
    summary = page.find_element(By.TAG_NAME, "summary")
    was = page.find_element(By.TAG_NAME, "details").get_property("open")
    summary.send_keys(Keys.ENTER)
    assert page.find_element(By.TAG_NAME, "details").get_property("open") != was


def test_a_screen_reader_hears_names(page):
    """Every image, table, field and link of the accessibility tree has one."""
    write(page, "m", "96")
    nodes = page.execute_cdp_cmd("Accessibility.getFullAXTree", {})["nodes"]
    named = {"image": 0, "table": 0, "textbox": 0, "searchbox": 0, "combobox": 0, "link": 0, "button": 0}
    for node in nodes:
        role = node.get("role", {}).get("value", "")
        if role in named and not node["ignored"]:
            assert node["name"]["value"].strip(), node
            named[role] += 1
    assert all(named.values()), named


def pages_of(page):
    """Pages of the PDF that printing gives, on letter paper."""
    data = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"])
    assert data.startswith(b"%PDF") and len(data) > 20_000
    return len(re.findall(rb"/Type\s*/Page\b", data))


def test_a_large_plan_prints_on_eight_pages_with_whole_hashes(page, tmp_path):
    """The 16 calls of a model with 60 kernels; with an M asked for, its answers are on paper too."""
    address = page.current_url
    plan = make_plan(calls_of(model_config("deepseek-v3"), 8, 8), H100, SOURCE | {"name": "deepseek-v3"}, 8192)
    try:
        opened(page, tmp_path, plan)
        assert pages_of(page) <= 8
        write(page, "m", "96")
        assert pages_of(page) <= 8
        resize(page, 720)  # letter paper, less its margins
        page.execute_cdp_cmd("Emulation.setEmulatedMedia", {"media": "print"})
        hashes = page.execute_script(
            "return [...document.querySelectorAll('code')].filter(e => /^[0-9a-f]{64}$/.test(e.textContent))"
            ".map(e => [e.getClientRects().length, e.getBoundingClientRect().right])"
        )
        assert len(hashes) == 2 + 16 + len(plan["kernels"])
        assert all(lines == 1 and 0 < right <= 720 for lines, right in hashes)
        assert len(visible(page, ".paper")) == 16 and not visible(page, "details, nav, form, button")
    finally:
        page.get(address)


def test_no_script_fails_and_nothing_is_fetched(page):
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
