"""The contracts: units, errors, clocks, events, interfaces, protocols, wiring, limits."""
