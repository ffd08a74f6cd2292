"""Messages with many samples, without a Python object for each.

On the wire, a packed list of doubles and a string of bytes are the same: a length, then the
content. So a message whose list is declared as bytes is understood by NI's unmodified client,
and costs one copy instead of one conversion per sample.
"""

from typing import Any

import numpy as np
from google.protobuf import descriptor_pb2, descriptor_pool, message_factory
from numpy.typing import NDArray

# On the wire, whatever the byte order of this machine.
_DOUBLE = np.dtype("<f8")


def with_bytes(message: Any, field: str) -> Any:
    """The class of the same message with the repeated double `field` declared as bytes."""
    described = message.DESCRIPTOR
    copied = descriptor_pb2.DescriptorProto()
    described.CopyToProto(copied)
    changed = next(f for f in copied.field if f.name == field)
    changed.label = descriptor_pb2.FieldDescriptorProto.LABEL_OPTIONAL
    changed.type = descriptor_pb2.FieldDescriptorProto.TYPE_BYTES
    changed.ClearField("options")
    file = descriptor_pb2.FileDescriptorProto(
        name=f"mtjlab/{copied.name}.proto",
        package="mtjlab_bulk",
        syntax="proto3",
        message_type=[copied],
        dependency=[described.file.name, *(f.name for f in described.file.dependencies)],
    )
    pool = descriptor_pool.Default()
    # The same file twice is no error.
    pool.AddSerializedFile(file.SerializeToString())
    return message_factory.GetMessageClass(pool.FindMessageTypeByName(f"mtjlab_bulk.{copied.name}"))


def as_bytes(samples: NDArray[np.float64]) -> bytes:
    """Samples as they travel, in C order."""
    return samples.astype(_DOUBLE, copy=False).tobytes()


def as_samples(content: bytes) -> NDArray[np.float64]:
    """What `as_bytes` was given, flat.

    Raises:
        ValueError: not a whole number of doubles.
    """
    return np.frombuffer(content, dtype=_DOUBLE).astype(np.float64)
