"""The words every instrument of IEEE 488.2 and SCPI knows; an instrument's own come first."""

from typing import Protocol, TypeVar

from sim_backend.scpi.arguments import Integer
from sim_backend.scpi.errors import OPERATION_COMPLETE
from sim_backend.scpi.headers import short_form
from sim_backend.scpi.status import MASTER_SUMMARY, Status
from sim_backend.scpi.vocabulary import Vocabulary


class Instrument(Protocol):
    """What the common words need of an instrument.

    Attributes:
        identity: the reply to *IDN?.
        status: its registers and error queue.
    """

    identity: str
    status: Status

    def reset(self) -> None:
        """*RST: settings go to their defaults; registers and errors stay."""
        ...

    def trigger(self) -> None:
        """*TRG or a group execute trigger."""
        ...


Owner = TypeVar("Owner", bound=Instrument)

COMMON: Vocabulary[Instrument] = Vocabulary()


def declare_group(words: Vocabulary[Owner], node: str) -> None:
    """Add :STATus:`node` with EVENt, CONDition and ENABle, for `status.groups` of that name."""
    name = short_form(node)
    root = f":STATus:{node}"

    def enable(instrument: Owner, value: int) -> None:
        instrument.status.groups[name].enable = value

    words.declare(f"{root}[:EVENt]", query=lambda i: i.status.groups[name].take())
    words.declare(f"{root}:CONDition", query=lambda i: i.status.groups[name].condition)
    words.declare(
        f"{root}:ENABle",
        query=lambda i: i.status.groups[name].enable,
        set=enable,
        takes=(Integer(0, 65535),),
    )


def _entry(instrument: Instrument) -> str:
    code, text = instrument.status.errors.pop()
    return f'{code},"{text}"'


def _all_entries(instrument: Instrument) -> str:
    entries = [_entry(instrument)]
    while len(instrument.status.errors):
        entries.append(_entry(instrument))
    return ",".join(entries)


def _enable_events(instrument: Instrument, value: int) -> None:
    instrument.status.event_enable = value


def _enable_service(instrument: Instrument, value: int) -> None:
    # Bit 6 is the request itself and cannot be enabled (488.2, 11.3.2.3).
    instrument.status.service_enable = value & ~MASTER_SUMMARY


def _complete(instrument: Instrument) -> None:
    instrument.status.event |= OPERATION_COMPLETE


_byte = (Integer(0, 255),)

COMMON.declare("*IDN", query=lambda i: i.identity)
COMMON.declare("*RST", set=lambda i: i.reset())
COMMON.declare("*TRG", set=lambda i: i.trigger())
COMMON.declare("*CLS", set=lambda i: i.status.clear())
COMMON.declare("*ESR", query=lambda i: i.status.take_event())
COMMON.declare("*ESE", query=lambda i: i.status.event_enable, set=_enable_events, takes=_byte)
COMMON.declare("*SRE", query=lambda i: i.status.service_enable, set=_enable_service, takes=_byte)
# The reply to *STB? itself is not yet available when the byte is made.
COMMON.declare("*STB", query=lambda i: i.status.byte(message_available=False))
# Every command is finished before the next one starts.
COMMON.declare("*OPC", query=lambda i: 1, set=_complete)
COMMON.declare("*WAI", set=lambda i: None)
COMMON.declare("*TST", query=lambda i: 0)
COMMON.declare(":SYSTem:ERRor[:NEXT]", query=_entry)
COMMON.declare(":SYSTem:ERRor:ALL", query=_all_entries)
COMMON.declare(":SYSTem:ERRor:COUNt", query=lambda i: len(i.status.errors))
COMMON.declare(":SYSTem:ERRor:CODE[:NEXT]", query=lambda i: i.status.errors.pop()[0])
COMMON.declare(":SYSTem:CLEar", set=lambda i: i.status.errors.clear())
COMMON.declare(":STATus:PRESet", set=lambda i: i.status.preset())
COMMON.declare(":STATus:QUEue[:NEXT]", query=_entry)
COMMON.declare(":STATus:QUEue:CLEar", set=lambda i: i.status.errors.clear())
