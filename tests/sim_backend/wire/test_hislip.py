"""HiSLIP, message by message as IVI-6.1 has it, and through pyvisa-py's client."""

import struct

import pytest
import pyvisa
from pyvisa_py.protocols import hislip

from sim_backend.wire.hislip_messages import LARGEST_PAYLOAD, Complaint, Fatal, Kind

EXCLUSIVE = (Kind.ASYNC_LOCK, 1)
RELEASE = (Kind.ASYNC_LOCK, 0)
GRANTED = (Kind.ASYNC_LOCK_RESPONSE, 1, 0, b"")
NOT_GRANTED = (Kind.ASYNC_LOCK_RESPONSE, 0, 0, b"")
DELIVERED = 1


class Pair:
    """A client with both of its connections."""

    def __init__(self, served, resource):
        self.sync, self.other = served.client(resource), served.client(resource)
        kind, overlap, parameter, _ = self.sync.message(
            Kind.INITIALIZE, 0, 0x0100 << 16 | 0x7878, payload=b"hislip0"
        )
        assert (kind, overlap, parameter >> 16) == (Kind.INITIALIZE_RESPONSE, 0, 0x0100)
        assert (
            self.other.message(Kind.ASYNC_INITIALIZE, 0, parameter & 0xFFFF)[0]
            == Kind.ASYNC_INITIALIZE_RESPONSE
        )
        self.id = 0xFFFF_FF00

    def write(self, text, flags=0, kind=Kind.DATA_END):
        self.sync.post(kind, flags, self.id, text)
        self.id += 2

    def ask(self, text, flags=0):
        self.write(text, flags)
        kind, control, parameter, reply = self.sync.take()
        assert (kind, control, parameter) == (Kind.DATA_END, 0, self.id - 2)
        return reply

    def lock(self, timeout_ms=0, key=b""):
        return self.other.message(*EXCLUSIVE, timeout_ms, payload=key)


@pytest.fixture
def resource(served):
    return served.serve("hislip")


@pytest.fixture
def pair(served, resource):
    return Pair(served, resource)


@pytest.fixture
def client(resource):
    manager = pyvisa.ResourceManager("@py")
    opened = manager.open_resource(resource, timeout=10_000)
    yield opened
    opened.close()
    manager.close()


def test_messages_end_with_their_end(pair):
    assert pair.ask(b"*IDN?") == b"ACME,BOX,7,1.0\n"
    assert pair.ask(b"*OPC?\r\n", DELIVERED) == b"1\n"
    pair.write(b"*ID", DELIVERED, Kind.DATA)
    assert pair.ask(b"N?\n") == b"ACME,BOX,7,1.0\n"


def test_a_reply_that_was_not_read_is_discarded_by_the_next_message(served, pair):
    pair.ask(b"*IDN?")
    assert pair.ask(b"*OPC?") == b"1\n"
    assert served.box.errors == [-410]
    assert pair.ask(b"*OPC?", DELIVERED) == b"1\n"
    assert served.box.errors == [-410]


def test_the_status_byte_says_whether_a_reply_waits(pair):
    def status(flags=0):
        kind, byte, parameter, payload = pair.other.message(Kind.ASYNC_STATUS_QUERY, flags, pair.id)
        assert (kind, parameter, payload) == (Kind.ASYNC_STATUS_RESPONSE, 0, b"")
        return byte

    assert status() == 0
    pair.ask(b"*SRE 16;*IDN?")
    assert status() == 0x50
    assert status(DELIVERED) == 0
    assert pair.ask(b"*OPC?") == b"1\n"


def test_long_replies_are_cut_to_what_the_client_takes(pair):
    size = struct.pack("!Q", 1016)
    kind, _, _, answer = pair.other.message(Kind.ASYNC_MAXIMUM_MESSAGE_SIZE, payload=size)
    assert kind == Kind.ASYNC_MAXIMUM_MESSAGE_SIZE_RESPONSE
    assert struct.unpack("!Q", answer) == (LARGEST_PAYLOAD,)
    pair.write(b"BLOCK? 2500")
    parts = [pair.sync.take() for _ in range(3)]
    assert [kind for kind, *_ in parts] == [Kind.DATA, Kind.DATA, Kind.DATA_END]
    assert [len(payload) for *_, payload in parts] == [1000, 1000, 507]
    assert {parameter for _, _, parameter, _ in parts} == {pair.id - 2}


def test_a_trigger_makes_what_waits_for_it(served, resource, pair):
    pair.write(b"LATER?")
    other = Pair(served, resource)
    served.until(lambda: served.box._conversations.owing)
    other.sync.post(Kind.TRIGGER, 0, other.id)
    assert pair.sync.take() == (Kind.DATA_END, 0, pair.id - 2, b"triggered\n")


def test_device_clear_drops_what_is_under_way_and_stays_synchronous(served, pair):
    pair.write(b"WAIT? 100")
    served.until(lambda: served.clock.now_s() > 50)
    acknowledged = pair.other.message(Kind.ASYNC_DEVICE_CLEAR)
    assert acknowledged == (Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE, 0, 0, b"")
    pair.write(b"ECHO? 'dropped'")
    # A client that asks for overlapped mode gets the synchronous one.
    assert pair.sync.message(Kind.DEVICE_CLEAR_COMPLETE, 1) == (
        Kind.DEVICE_CLEAR_ACKNOWLEDGE,
        0,
        0,
        b"",
    )
    assert pair.ask(b"*OPC?") == b"1\n"
    assert served.box.errors == []


def test_locks_keep_others_waiting_until_they_are_freed(served, resource, pair):
    other = Pair(served, resource)
    assert pair.lock() == GRANTED
    assert pair.other.message(Kind.ASYNC_LOCK_INFO) == (Kind.ASYNC_LOCK_INFO_RESPONSE, 1, 1, b"")
    assert other.lock(timeout_ms=1) == NOT_GRANTED
    other.write(b"ECHO? 'other'")
    assert pair.ask(b"ECHO? 'mine'") == b"mine\n"
    assert pair.other.message(*RELEASE, pair.id) == GRANTED
    assert other.sync.take()[3] == b"other\n"
    assert pair.other.message(*RELEASE, pair.id)[1] == 3


def test_a_dead_clients_lock_is_freed(served, resource, pair):
    other = Pair(served, resource)
    assert pair.lock() == GRANTED
    other.other.post(*EXCLUSIVE, 15_000)
    other.write(b"ECHO? 'other'")
    pair.sync.kill()
    assert other.other.take() == GRANTED
    assert other.sync.take()[3] == b"other\n"
    assert pair.other.over()


def test_shared_locks_are_shared_by_key(served, resource, pair):
    other = Pair(served, resource)
    assert pair.lock(key=b"us") == GRANTED
    assert other.lock(key=b"them") == NOT_GRANTED
    assert other.lock(key=b"us") == GRANTED
    assert other.other.message(Kind.ASYNC_LOCK_INFO)[1:3] == (0, 2)
    assert pair.lock() == NOT_GRANTED
    assert other.other.message(*RELEASE, other.id)[1] == 2
    assert pair.lock() == GRANTED


def test_device_clear_gets_through_while_another_client_has_the_lock(served, resource, pair):
    other = Pair(served, resource)
    assert other.lock() == GRANTED
    pair.write(b"ECHO? 'waits'")
    assert pair.other.message(Kind.ASYNC_DEVICE_CLEAR)[0] == Kind.ASYNC_DEVICE_CLEAR_ACKNOWLEDGE
    assert pair.sync.message(Kind.DEVICE_CLEAR_COMPLETE)[0] == Kind.DEVICE_CLEAR_ACKNOWLEDGE
    assert other.other.message(*RELEASE, other.id) == GRANTED
    assert pair.ask(b"*OPC?") == b"1\n"


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        (b"GET / HTTP/1.1\r\n\r\n", Fatal.BAD_HEADER),
        (struct.pack("!2sBBIQ", b"HS", 7, 0, 0, 1 << 62), Fatal.BAD_HEADER),
        (struct.pack("!2sBBIQ", b"HS", 7, 0, 0, 0), Fatal.BAD_INITIALIZATION),
        (struct.pack("!2sBBIQ", b"HS", 17, 0, 4711, 0), Fatal.BAD_INITIALIZATION),
        (struct.pack("!2sBBIQ", b"HS", 0, 0, 0, 5) + b"inst1", Fatal.BAD_INITIALIZATION),
    ],
)
def test_what_cannot_go_on_is_ended_with_its_reason(served, resource, pair, sent, code):
    stranger = served.client(resource)
    stranger.send(sent)
    kind, control, _, text = stranger.take()
    assert (kind, control) == (Kind.FATAL_ERROR, code)
    assert text
    assert stranger.over()
    assert pair.ask(b"*OPC?") == b"1\n"


def test_messages_before_both_connections_are_there_are_refused(served, resource):
    client = served.client(resource)
    client.message(Kind.INITIALIZE, 0, 0x0100 << 16, payload=b"hislip0")
    assert client.message(Kind.DATA_END, 0, 0, payload=b"*IDN?")[1] == Fatal.CHANNELS_MISSING
    assert client.over()


def test_unknown_messages_are_complained_of_and_passed_over(pair):
    for connection in (pair.sync, pair.other):
        assert connection.message(200)[:2] == (Kind.ERROR, Complaint.UNKNOWN_TYPE)
    answer = pair.other.message(Kind.ASYNC_LOCK, 9)
    assert answer[:2] == (Kind.ERROR, Complaint.UNKNOWN_CONTROL_CODE)
    too_large = b"x" * (LARGEST_PAYLOAD + 1)
    answer = pair.sync.message(Kind.DATA, 0, pair.id, payload=too_large)
    assert answer[:2] == (Kind.ERROR, Complaint.TOO_LARGE)
    assert pair.other.message(Kind.ASYNC_REMOTE_LOCAL_CONTROL, 1)[0] == (
        Kind.ASYNC_REMOTE_LOCAL_RESPONSE
    )
    assert pair.ask(b"*OPC?") == b"1\n"


def test_an_instrument_for_one_says_that_it_is_taken(served):
    resource = served.serve("hislip", clients="refuse")
    first = Pair(served, resource)
    second = served.client(resource)
    answer = second.message(Kind.INITIALIZE, 0, 0x0100 << 16, payload=b"hislip0")
    assert answer[:2] == (Kind.FATAL_ERROR, Fatal.TOO_MANY_CLIENTS)
    first.other.kill()
    assert first.sync.over()
    served.until(lambda: served.box.clients == 0)
    assert Pair(served, resource).ask(b"*OPC?") == b"1\n"


def test_a_client_killed_in_a_message_leaves_the_others_served(served, resource, pair):
    dying = Pair(served, resource)
    dying.sync.send(struct.pack("!2sBBIQ", b"HS", 7, 0, 0, 1000) + b"ECHO? 'half")
    assert pair.ask(b"*OPC?") == b"1\n"
    dying.sync.kill()
    assert dying.other.over()
    served.until(lambda: served.box.clients == 1)
    assert pair.ask(b"*IDN?", DELIVERED) == b"ACME,BOX,7,1.0\n"


def test_pyvisa_queries_clears_polls_and_takes_blocks(served, client):
    assert client.query("*IDN?") == "ACME,BOX,7,1.0\n"
    client.write("ECHO? 'unread'")
    served.until(lambda: client.read_stb() == 16)
    assert client.read() == "unread\n"
    assert client.read_stb() == 0
    client.clear()
    data = client.query_binary_values("BLOCK? 100000", datatype="B", container=bytes)
    assert data == (bytes(range(256)) * 400)[:100_000]
    # Its client has more that it does not offer as VISA.
    raw: hislip.Instrument = client.visalib.sessions[client.session].interface
    raw.trigger()
    assert raw.async_lock_request(0.1) == "success"
    assert raw.async_lock_info() == 1
    assert raw.async_lock_release() == "success"
    raw.async_remote_local_control("enableRemote")
    assert client.query("*OPC?") == "1\n"
    assert served.box.errors == []
