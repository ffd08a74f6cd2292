"""Ranges, delays and limits of a Keithley 2450, from its data sheet and reference manual."""

from sim_backend.twins.source_model import Ladder

# Steps of source and measurement are those of the data sheet (SPEC-2450 Rev. A, page 2): 500 nV
# on 20 mV and 500 fA on 10 nA sourced; 10 nV and 10 fA measured.
VOLTS = Ladder((0.02, 0.2, 2.0, 20.0, 200.0), 1.05, 20.0, 25e-6, 0.5e-6)
AMPERES = Ladder((1e-8, 1e-7, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1, 1.0), 1.05, 1e-4, 50e-6, 1e-6)
# 20 W and 5 % over: 21 V with 1.05 A, or 210 V with 105 mA.
CORNERS = ((21.0, 1.05), (210.0, 0.105))

# A limit is at least so much of a measuring range that was fixed (page 6-71; later firmware wants
# 10.6 %).
LIMIT_OF_RANGE = 1e-3
# Smallest limits there are (from memory of a later revision; not verified).
SMALLEST_LIMIT_V, SMALLEST_LIMIT_A = 0.02, 1e-9

# With the interlock open the output stays below so much, V (manual of the 2461, page 6-49; the
# first firmware said 37 V), and says so when it is switched on above so much.
INTERLOCKED_V, INTERLOCK_SPEAKS_V = 42.0, 20.0

# Settings of the overvoltage protection, V (the lowest is 2 V; the rest is not verified).
PROTECTIONS_V = (2, 5, 10, 20, 40, 60, 80, 100, 120, 140, 160, 180)

# Ranges of resistance, ohm.
OHMS = (20.0, 200.0, 2e3, 2e4, 2e5, 2e6, 2e7, 2e8)
OHMS_START = 2e5

# Automatic source delay by current range, s; with high capacitance (page 2-111).
_AUTO_DELAY_S = {
    1e-8: (50e-3, 100e-3),
    1e-7: (50e-3, 100e-3),
    1e-6: (3e-3, 20e-3),
    1e-5: (2e-3, 10e-3),
    1e-4: (1e-3, 10e-3),
    1e-3: (1e-3, 10e-3),
    1e-2: (1e-3, 5e-3),
    1e-1: (1e-3, 5e-3),
    1.0: (1e-3, 5e-3),
}


def auto_delay_s(current_range: float, *, sources_current: bool, high_capacitance: bool) -> float:
    """What the instrument waits by itself after its source has moved, s."""
    if sources_current and current_range == 1.0 and not high_capacitance:
        return 2e-3
    return _AUTO_DELAY_S[current_range][high_capacitance]
