"""How a simulated Keithley 2450 carries out the trigger model that is loaded.

A sweep switches the output on by itself and off at its end, as the blocks that the instrument
makes for it say (from memory of a listing of them; not verified).
"""

from typing import TYPE_CHECKING

from sim_backend.scpi import ScpiError
from sim_backend.twins.keithley2450_readings import LIMITED
from sim_backend.twins.keithley2450_trigger import Plan

if TYPE_CHECKING:
    from sim_backend.twins.keithley2450 import Keithley2450Twin as Twin
    from sim_backend.twins.keithley2450_buffers import ReadingBuffer


def carry_out(twin: "Twin") -> None:
    """:INITiate, to its end.

    Raises:
        ScpiError: nothing is loaded, or the buffer became full.
    """
    plan = twin.trigger_model.start()
    buffer = twin.buffers[plan.buffer]
    buffer.rows.clear()
    try:
        if plan.function is None:
            _loop(twin, plan, buffer)
        else:
            try:
                _sweep(twin, plan, buffer)
            finally:
                twin.switch(False)
    except ScpiError:
        twin.trigger_model.end(failed=True)
        raise
    twin.trigger_model.end(failed=False)


def _loop(twin: "Twin", plan: Plan, buffer: "ReadingBuffer") -> None:
    for _ in range(plan.count):
        twin.world.clock.sleep(plan.delay_s)
        buffer.store(twin.meter.measure())


def _sweep(twin: "Twin", plan: Plan, buffer: "ReadingBuffer") -> None:
    assert plan.function is not None
    twin.set_function(plan.function)
    quantity = twin.model.sourced
    with twin.changing() as model:
        if plan.ranging == "AUTO":
            quantity.source_auto = True
        elif plan.ranging == "BEST":
            largest = max(abs(level) for level in (*plan.levels, quantity.level))
            model.set_source_range(quantity, largest)
    for level in plan.levels:
        if plan.ranging == "FIX":
            # Beyond a fixed range the source gives the largest level it has (page 3-55).
            top = quantity.ladder.full_scale(quantity.source_range)
            level = max(-top, min(top, level))
        twin.set_level(quantity, level)
        if not twin.model.on:
            twin.switch(True)
        twin.world.clock.sleep(plan.delay_s)
        row = twin.meter.measure()
        buffer.store(row)
        if plan.fail_abort and int(row.source_status) & LIMITED:
            return
