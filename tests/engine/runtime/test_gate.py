"""The output gate: what was emitted after an uncommitted fact waits for it, in order, or is never released."""

import asyncio

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator_engine.runtime.gate import GateClosed, OutputGate


def test_output_passes_at_once_when_everything_is_durable() -> None:
    gate, said = OutputGate(), []
    gate.release(lambda: said.append("a"))
    assert said == ["a"]


def test_output_waits_for_what_was_formed_before_it() -> None:
    gate, said = OutputGate(), []
    first = gate.formed()
    gate.release(lambda: said.append("after first"))
    second = gate.formed()
    gate.release(lambda: said.append("after second"))
    gate.open_until(first)
    assert said == ["after first"]
    gate.open_until(second)
    assert said == ["after first", "after second"]


@given(st.lists(st.sampled_from(["form", "say", "commit"]), max_size=60))
def test_nothing_is_said_before_its_facts_and_nothing_is_lost_or_reordered(steps: list[str]) -> None:
    gate = OutputGate()
    said: list[int] = []
    formed = committed = spoken = 0
    behind: dict[int, int] = {}
    for step in steps:
        if step == "form":
            formed = gate.formed()
        elif step == "commit" and committed < formed:
            committed += 1
            gate.open_until(committed)
        elif step == "say":
            spoken += 1
            behind[spoken] = formed
            gate.release(lambda number=spoken: said.append(number))
        assert said == [number for number in range(1, spoken + 1) if behind[number] <= committed]


async def test_a_waiter_hears_that_its_answer_will_never_come() -> None:
    gate = OutputGate()
    gate.formed()
    waiter = asyncio.ensure_future(gate.passed())
    await asyncio.sleep(0)
    gate.close()
    with pytest.raises(GateClosed):
        await waiter
    with pytest.raises(GateClosed):
        await gate.passed()


async def test_a_waiter_goes_on_at_the_commit() -> None:
    gate = OutputGate()
    number = gate.formed()
    waiter = asyncio.ensure_future(gate.passed())
    await asyncio.sleep(0)
    assert not waiter.done()
    gate.open_until(number)
    await waiter
