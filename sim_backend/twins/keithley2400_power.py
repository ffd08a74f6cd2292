"""What switching a Keithley 2400 off and on again does to it."""

from typing import TYPE_CHECKING

from sim_backend.twins import keithley2400_settings

if TYPE_CHECKING:
    from sim_backend.twins.keithley2400 import Keithley2400Twin


def switch_on(twin: "Keithley2400Twin") -> None:
    """Power-on settings and output off; registers, errors, readings and the timer begin anew."""
    twin.reset()
    twin.settings.clear()
    twin.settings.update(keithley2400_settings.power_on())
    twin.status.power_on()
    twin.buffer.power_on()
    twin.trigger_model.latest = []
    twin.meter.reset_timer()
    twin.abort()
