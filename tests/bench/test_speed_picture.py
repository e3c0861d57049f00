"""README's picture is what benchmarks/draw_speed.py makes of the saved runs."""

import importlib.util
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SPECIFICATION = importlib.util.spec_from_file_location("draw_speed", ROOT / "benchmarks" / "draw_speed.py")
draw_speed = importlib.util.module_from_spec(SPECIFICATION)
SPECIFICATION.loader.exec_module(draw_speed)
SVG = "{http://www.w3.org/2000/svg}"


@pytest.mark.parametrize("name", draw_speed.COLOURS)
def test_the_picture_is_drawn_from_the_runs(name):
    picture = (ROOT / "docs" / f"speed_{name}.svg").read_text()
    assert picture == draw_speed.draw(draw_speed.COLOURS[name])
    assert f"docs/speed_{name}.svg" in (ROOT / "README.md").read_text()


def test_every_problem_is_a_mark_at_its_place():
    root = ElementTree.fromstring(draw_speed.draw(draw_speed.COLOURS["light"]))
    marks = [len(root.findall(f".//{SVG}{shape}")) for shape in ("circle", "rect")]
    runs = [draw_speed.points_of(draw_speed.read_run(file)) for file in draw_speed.RUNS.values()]
    assert marks == [len(points) + 1 for points in runs]  # and one in the legend
    places = {(circle.get("cx"), circle.get("cy")) for circle in root.iter(f"{SVG}circle")}
    m, ratio = max(runs[0], key=lambda point: point[1])
    assert (f"{draw_speed.across(m):.1f}", f"{draw_speed.up(ratio):.1f}") in places


def test_what_lies_outside_of_the_frame_is_not_cut():
    with pytest.raises(ValueError, match="a ratio is 2.00"):
        draw_speed.up(2.0)
