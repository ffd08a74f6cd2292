"""Samples as bytes are the same message on the wire as NI's list of doubles."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from nidaqmx._stubs import nidaqmx_pb2

from sim_backend.ports.ni_bulk import as_bytes, as_samples, with_bytes

READ = with_bytes(nidaqmx_pb2.ReadAnalogF64Response, "read_array")
WRITE = with_bytes(nidaqmx_pb2.WriteAnalogF64Request, "write_array")
samples = arrays(np.float64, st.integers(0, 50), elements=st.floats(allow_nan=False))


@given(samples)
def test_ni_reads_what_we_send(values):
    sent = READ(read_array=as_bytes(values), samps_per_chan_read=len(values)).SerializeToString()
    got = nidaqmx_pb2.ReadAnalogF64Response.FromString(sent)
    np.testing.assert_array_equal(np.array(got.read_array), values)
    assert got.samps_per_chan_read == len(values)


@given(samples, st.text(max_size=5), st.booleans())
def test_we_read_what_ni_sends(values, name, start):
    request = nidaqmx_pb2.WriteAnalogF64Request(
        write_array=values, auto_start=start, timeout=2.5, data_layout_raw=7
    )
    request.task.name = name
    got = WRITE.FromString(request.SerializeToString())
    np.testing.assert_array_equal(as_samples(got.write_array), values)
    assert (got.task.name, got.auto_start, got.timeout) == (name, start, 2.5)
    assert got.WhichOneof("data_layout_enum") == "data_layout_raw"


def test_half_a_number_is_no_sample():
    with pytest.raises(ValueError, match="multiple"):
        as_samples(b"1234567")
