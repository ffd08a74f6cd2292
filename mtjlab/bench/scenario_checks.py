"""What `[[twin.scenario]]` must agree on with itself and with the instruments of the file."""

from collections.abc import Mapping, Sequence

from mtjlab.bench.mistakes import Mistakes
from mtjlab.bench.scenario_tables import TRIGGERS, IncidentTable
from mtjlab.bench.tables import InstrumentTable
from mtjlab.core import plugins
from mtjlab.core.errors import BenchError, nearest
from sim_backend.faults import BOARD_CALLS, FIELDS, LASTING, possible

# Keys that only some kinds have, and the field of an incident behind each.
_OWN_KEYS = {"delay": "delay_s", "duration": "duration_s", "code": "code", "text": "text"}


def check_scenario(
    scenario: Sequence[IncidentTable],
    instruments: Mapping[str, InstrumentTable],
    mistakes: Mistakes,
) -> None:
    """Each incident has one trigger, only its own keys, and an instrument that can have it."""
    for index, incident in enumerate(scenario):
        at = ("twin", "scenario", index)
        _check_trigger(incident, at, mistakes)
        _check_keys(incident, at, mistakes)
        if incident.instrument not in instruments:
            mistakes.add(
                (*at, "instrument"),
                f"no instrument of this name; {nearest(incident.instrument, instruments)}",
            )
            continue
        _check_instrument(incident, instruments[incident.instrument], at, mistakes)


def _check_trigger(incident: IncidentTable, at: tuple[str | int, ...], mistakes: Mistakes) -> None:
    given = [name for name in TRIGGERS if getattr(incident, name) is not None]
    if len(given) != 1:
        mistakes.add(
            at,
            f"{' and '.join(given) or 'nothing'} says when; expected one of {', '.join(TRIGGERS)}",
        )
    elif given == ["at"] and incident.kind in LASTING and incident.times != 1:
        mistakes.add(
            (*at, "times"), f"a {incident.kind!r} at a given time happens once; repeat the table"
        )


def _check_keys(incident: IncidentTable, at: tuple[str | int, ...], mistakes: Mistakes) -> None:
    own = FIELDS.get(incident.kind, ())
    for key, field in _OWN_KEYS.items():
        if key in incident.model_fields_set and field not in own:
            kinds = [repr(kind) for kind, fields in FIELDS.items() if field in fields]
            mistakes.add((*at, key), f"a {incident.kind!r} has none; only {' or '.join(kinds)} has")
    if incident.kind == "error_entry":
        if incident.code == 0:
            mistakes.add((*at, "code"), "0 means that there is no error; expected another number")
        if "code" in incident.model_fields_set and "text" not in incident.model_fields_set:
            mistakes.add((*at, "text"), "missing; a code of your own needs its text")


def _check_instrument(
    incident: IncidentTable,
    instrument: InstrumentTable,
    at: tuple[str | int, ...],
    mistakes: Mistakes,
) -> None:
    try:
        twin = plugins.load("twins", instrument.plugin, error=BenchError)
    except BenchError:
        # A driver without a twin has been told of where it is named.
        return
    kinds = possible(twin)
    if incident.kind not in kinds:
        mistakes.add(
            (*at, "kind"),
            f"{incident.instrument!r} ({instrument.plugin}) cannot have this; "
            f"it can have {', '.join(kinds)}",
        )
    elif twin.port == "nidaqmx" and incident.command is not None:
        calls = [c for c, k in BOARD_CALLS.items() if incident.kind in (*k, *LASTING)]
        if incident.command not in calls:
            mistakes.add(
                (*at, "command"),
                f"no call of a board at which {incident.kind!r} can happen; "
                f"expected one of {', '.join(calls)}",
            )
