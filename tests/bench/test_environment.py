"""What is asked of nvidia-smi, and what its answers mean."""

import pytest
from aotgemm.bench.environment import QUERIES, card_state


@pytest.fixture
def answer(tmp_path, monkeypatch):
    """Puts a program in the place of nvidia-smi; it notes its arguments."""

    def put(text, status=0):
        program = tmp_path / "nvidia-smi"
        program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\nprintf "{text}"\nexit {status}\n')
        program.chmod(0o755)
        monkeypatch.setenv("PATH", str(tmp_path), prepend=":")
        return tmp_path / "asked"

    return put


def test_the_state_of_the_card(answer, monkeypatch):
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,1")
    asked = answer("1980, 3201, 112.34, 700.00, 31, 580.159.04\\n")
    assert card_state() == {
        "sm_clock_mhz": 1980,
        "memory_clock_mhz": 3201,
        "power_draw_w": 112.34,
        "power_limit_w": 700,
        "temperature_c": 31,
        "driver": "580.159.04",
    }
    query = f"--query-gpu={','.join(QUERIES.values())}"
    assert asked.read_text().split() == ["-i", "3", query, "--format=csv,noheader,nounits"]


def test_what_a_card_does_not_say_is_none(answer):
    answer("1980, [N/A], [Not Supported], 700.00, 31, 570\\n")
    state = card_state()
    assert state["memory_clock_mhz"] is state["power_draw_w"] is None and state["driver"] == "570"


@pytest.mark.parametrize("text, status", [("", 0), ("No devices were found\\n", 6), ("1980, 3201\\n", 0)])
def test_other_answers_are_none(answer, text, status):
    answer(text, status)
    assert card_state() is None


def test_without_nvidia_smi_there_is_none(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert card_state() is None
