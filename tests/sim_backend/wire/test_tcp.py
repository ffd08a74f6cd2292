"""Raw sockets: whole replies to the right client, whatever the others do."""

import socket
import threading
import time

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mtjlab.core.errors import BenchError
from sim_backend.wire.server import WireServer


@pytest.fixture
def resource(served):
    return served.serve("tcp")


def test_lines_end_at_a_line_feed_and_a_carriage_return_does_no_harm(served, resource):
    client = served.client(resource)
    assert client.ask("*IDN?\r") == "ACME,BOX,7,1.0"
    client.send(b"*ID")
    client.send(b"N?\n\n\r\n*OPC?")
    assert client.lines.readline() == b"ACME,BOX,7,1.0\n"
    client.send(b"\n")
    assert client.lines.readline() == b"1\n"


def test_every_line_of_one_packet_is_answered(served, resource):
    client = served.client(resource)
    client.send(b"".join(b"ECHO? 'line %d'\n" % i for i in range(200)))
    assert [client.lines.readline() for _ in range(200)] == [b"line %d\n" % i for i in range(200)]
    assert served.box.errors == []


def test_binary_replies_keep_every_byte(served, resource):
    client = served.client(resource)
    client.send(b"BLOCK? 1000000\n")
    data = client.lines.read(9 + 1_000_000 + 1)
    assert data[:9] == b"#71000000"
    assert data[9:] == bytes(i % 256 for i in range(1_000_000)) + b"\n"


@settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.text("abc xyz;,:", max_size=8), st.integers(1, 30)),
        max_size=30,
    )
)
def test_clients_at_once_get_their_own_replies(served, resource, steps):
    if not hasattr(served, "three"):
        served.three = [served.client(resource) for _ in range(3)]
    # What is sent is cut anywhere, the clients take turns within a line.
    waiting = [b"", b"", b""]
    expected = [[], [], []]
    for who, text, cut in steps:
        waiting[who] += f"ECHO? '{who}{text}'\n".encode()
        expected[who].append(f"{who}{text}\n".encode())
        served.three[who].send(waiting[who][:cut])
        waiting[who] = waiting[who][cut:]
    for client, rest, replies in zip(served.three, waiting, expected, strict=True):
        client.send(rest)
        assert [client.lines.readline() for _ in replies] == replies
    assert served.box.errors == []


def test_a_client_that_dies_in_the_middle_leaves_the_others_served(served, resource):
    other = served.client(resource)
    assert other.ask("*OPC?") == "1"
    for unfinished in (b":SOUR:VO", b"ECHO? #800001000" + b"x" * 100, b"BLOCK? 1000000\n"):
        dying = served.client(resource)
        dying.send(unfinished)
        assert other.ask("ECHO? 'here'") == "here"
        dying.kill()
        assert other.ask("*IDN?") == "ACME,BOX,7,1.0"
    served.until(lambda: served.box.clients == 1)
    assert served.client(resource).ask("*OPC?") == "1"
    assert served.box.errors == []


def test_garbage_without_an_end_is_bounded_and_answered_by_an_error(served, resource):
    client = served.client(resource)
    for _ in range(40):
        client.send(b"\x00\xff" * 50_000)
    client.send(b"\n")
    assert client.ask("*OPC?") == "1"
    assert -363 in served.box.errors


def test_a_client_that_never_reads_does_not_hold_up_the_others(served, resource):
    greedy, other = served.client(resource), served.client(resource)
    greedy.send(b"BLOCK? 10000000\n" * 3)
    assert other.ask("*OPC?") == "1"


def test_a_reply_is_held_back_as_long_as_the_instrument_takes(served, resource):
    slow, quick = served.client(resource), served.client(resource)
    assert quick.ask("*OPC?") == "1"
    began_s = time.monotonic()
    slow.send(b"WAIT? 0.6\n")
    served.until(lambda: served.clock.now_s() > served.clock.wall_s())
    asked_s = time.monotonic()
    assert quick.ask("*IDN?") == "ACME,BOX,7,1.0"
    waited_s = time.monotonic() - asked_s
    assert slow.lines.readline() == b"1\n"
    assert time.monotonic() - began_s >= 0.6
    assert waited_s < 0.5


def test_a_reply_owed_is_sent_when_another_client_triggers(served, resource):
    asking, triggering = served.client(resource), served.client(resource)
    asking.send(b"LATER?\n")
    served.until(lambda: served.box._conversations.owing)
    triggering.send(b"*TRG\n")
    assert asking.lines.readline() == b"triggered\n"
    assert triggering.ask("*OPC?") == "1"


def test_an_instrument_for_one_sends_others_away(served):
    resource = served.serve("tcp", clients="refuse")
    first = served.client(resource)
    assert first.ask("*OPC?") == "1"
    assert served.client(resource).over()
    assert first.ask("*OPC?") == "1"
    first.kill()
    served.until(lambda: served.box.clients == 0)
    assert served.client(resource).ask("*OPC?") == "1"


def test_an_instrument_for_one_lets_others_wait(served):
    resource = served.serve("tcp", clients="queue")
    first, second = served.client(resource), served.client(resource)
    assert first.ask("*OPC?") == "1"
    second.send(b"ECHO? 'second'\n")
    assert first.ask("ECHO? 'first'") == "first"
    first.close()
    assert second.lines.readline() == b"second\n"
    # One that waits when the server stops is let go, too.
    third = served.client(resource)
    served.server.stop()
    assert second.over()
    assert third.over()


def test_stop_ends_everything_at_once(served, resource):
    waiting, idle = served.client(resource), served.client(resource)
    assert idle.ask("*OPC?") == "1"
    waiting.send(b"WAIT? 100\n")
    served.until(lambda: served.clock.now_s() > 50)
    late = threading.Thread(target=served.server.stop)
    late.start()
    served.server.stop()
    late.join()
    assert idle.over()
    assert waiting.over()
    with pytest.raises(OSError, match="refused"):
        served.client(resource)


@pytest.mark.parametrize("host", ["0.0.0.0", "192.168.1.7", "::", "example.org", ""])
def test_only_this_machine_is_served(served, host):
    with pytest.raises(BenchError, match="this machine only"):
        WireServer(served.lock, served.clock, host=host)


def test_a_taken_port_is_said(served):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BenchError, match=f"127.0.0.1:{port}"):
            served.serve("tcp", port=port)
