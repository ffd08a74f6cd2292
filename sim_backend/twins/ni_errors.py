"""Errors of a simulated NI board, by the numbers that NI documents for them."""

from enum import IntEnum


class NiCode(IntEnum):
    """Error numbers of NI-DAQmx that the twin can produce."""

    RESOURCE_RESERVED = -50103
    NO_SUCH_TERMINAL = -89120
    NO_TRIGGER_LINES = -89125
    INVALID_ATTRIBUTE_VALUE = -200077
    CONVERT_RATE = -200081
    INVALID_TASK = -200088
    DUPLICATE_TASK = -200089
    NO_SUCH_CHANNEL = -200170
    INVALID_DEVICE = -200220
    WILL_NEVER_BE_AVAILABLE = -200278
    NO_LONGER_AVAILABLE = -200279
    NOT_YET_AVAILABLE = -200284
    CANNOT_YET_BE_WRITTEN = -200292
    RATE_TOO_HIGH = -200332
    READ_ALL_WITHOUT_BUFFER = -200340
    ONBOARD_MEMORY_TOO_SMALL = -200341
    NOT_OF_THIS_TASK = -200452
    READ_WITHOUT_INPUTS = -200460
    OUTPUT_BUFFER_EMPTY = -200462
    NO_CHANNELS = -200478
    TASK_RUNNING = -200479
    CHANNEL_ALREADY_IN_TASK = -200489
    WRITE_SHAPE = -200524
    WRITE_NEEDS_TIMING = -200547
    NOT_DONE_IN_TIME = -200560
    INVALID_OUTPUT = -200561
    CANNOT_BE_ACCESSED = -201003
    OUTPUT_UNDERFLOW = -200621
    EVENT_INTERVAL_ZERO = -200880
    EVENT_WHILE_RUNNING = -200960
    EVENT_NOT_FOR_OUTPUTS = -200964
    EVENT_NOT_FOR_INPUTS = -200965
    INPUT_EVENT_REGISTERED = -200966
    OUTPUT_EVENT_REGISTERED = -200967
    DONE_EVENT_REGISTERED = -200950


class NiError(Exception):
    """The board refuses, or could not do in time.

    Attributes:
        code: NI's number.
        samples: samples per channel that the call had moved before.
    """

    def __init__(self, code: int, text: str, *, samples: int = 0) -> None:
        super().__init__(text)
        self.code = code
        self.samples = samples
