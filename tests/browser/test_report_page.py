"""The report in a real browser: fits a phone and a screen, prints, and finds what is searched for."""

import base64

import pytest
from aotgemm.audit.report import render
from plans import small_plan
from selenium.webdriver.common.by import By

PLAN = small_plan(tokens=300, shapes=((64, 128), (512, 256), (576, 256)))


@pytest.fixture(scope="module")
def page(browser, tmp_path_factory):
    path = tmp_path_factory.mktemp("report") / "report.html"
    path.write_text(render(PLAN), encoding="utf-8")
    browser.get(path.as_uri())
    return browser


def resize(page, width, height=800):
    """The size of the page itself, whatever frame the window has."""
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    page.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


@pytest.mark.parametrize("width", [320, 390, 768, 1280, 2560])
def test_nothing_is_wider_than_the_page(page, width):
    resize(page, width)
    assert page.execute_script("return document.documentElement.scrollWidth") <= width
    for chart in page.find_elements(By.CSS_SELECTOR, ".strip, .times svg, .map svg"):
        box = chart.rect
        assert box["width"] > 100 and box["height"] > 10 and box["x"] >= 0 and box["x"] + box["width"] <= width


@pytest.mark.parametrize("width", [320, 1280])
def test_text_is_large_enough(page, width):
    resize(page, width)
    sizes = page.execute_script(
        "return [...document.querySelectorAll('body *')].filter(e => e.childElementCount == 0 && e.textContent.trim()"
        " && e.getClientRects().length).map(e => parseFloat(getComputedStyle(e).fontSize))"
    )
    assert min(sizes) >= 11


def test_search_hides_what_does_not_match(page):
    resize(page, 1280)
    box = page.find_element(By.ID, "search")
    entries = page.find_elements(By.CSS_SELECTOR, ".find")
    box.send_keys("512x256")
    shown = [entry for entry in entries if entry.is_displayed()]
    assert [entry.find_element(By.TAG_NAME, "h3").text for entry in shown] == ["512x256"]
    assert page.find_element(By.ID, "count").text == f"1 of {len(entries)}"
    box.clear()
    box.send_keys(PLAN["kernels"][-1]["sha256"])
    assert len([entry for entry in entries if entry.is_displayed()]) == 1
    box.clear()
    box.send_keys(" ")
    assert all(entry.is_displayed() for entry in entries)


def test_intervals_open(page):
    details = page.find_element(By.TAG_NAME, "details")
    table = details.find_element(By.TAG_NAME, "table")
    assert not table.is_displayed()
    page.execute_script("arguments[0].scrollIntoView({behavior: 'instant', block: 'center'})", details)
    details.find_element(By.TAG_NAME, "summary").click()
    assert table.is_displayed()


def test_it_prints(page):
    data = base64.b64decode(page.execute_cdp_cmd("Page.printToPDF", {"printBackground": False})["data"])
    assert data.startswith(b"%PDF") and len(data) > 20_000


def test_no_script_fails_and_nothing_is_fetched(page):
    assert [entry for entry in page.get_log("browser") if entry["level"] == "SEVERE"] == []
    assert page.execute_script("return performance.getEntriesByType('resource').length") == 0
