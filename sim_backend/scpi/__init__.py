"""A small SCPI core: text in, text out. It knows the grammar and no instrument.

An instrument is a class with `identity`, `status`, `reset`, `trigger`, a `Vocabulary` that maps
its headers to its methods, and a `Session` that does the talking.
"""

from sim_backend.scpi.arguments import (
    Boolean,
    Channels,
    Choice,
    Either,
    Integer,
    Kind,
    Named,
    Number,
    Quoted,
)
from sim_backend.scpi.common import Instrument, declare_group
from sim_backend.scpi.conversations import Conversations
from sim_backend.scpi.errors import (
    DEVICE_ERROR,
    EXECUTION_ERROR,
    ErrorQueue,
    ScpiError,
)
from sim_backend.scpi.replies import block, encode, open_block
from sim_backend.scpi.session import Session
from sim_backend.scpi.status import EventGroup, Status
from sim_backend.scpi.vocabulary import Reply, Vocabulary

__all__ = [
    "DEVICE_ERROR",
    "EXECUTION_ERROR",
    "Boolean",
    "Channels",
    "Choice",
    "Conversations",
    "Either",
    "ErrorQueue",
    "EventGroup",
    "Instrument",
    "Integer",
    "Kind",
    "Named",
    "Number",
    "Quoted",
    "Reply",
    "ScpiError",
    "Session",
    "Status",
    "Vocabulary",
    "block",
    "declare_group",
    "encode",
    "open_block",
]
