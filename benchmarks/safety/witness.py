"""Independent clients: what an output really is, asked by nobody of ours over their own link."""

import socket
import time
from collections.abc import Callable

import grpc
import nidaqmx
import pyvisa

Ask = Callable[[], tuple[bool, float]]

SAFE_V = 5e-3


def raw(resource: str, output: str, level: str) -> Ask:
    """A new raw socket per question; for instruments that speak lines on a TCP port."""
    port = int(resource.split("::")[2])

    def ask() -> tuple[bool, float]:
        with socket.create_connection(("127.0.0.1", port), timeout=2.0) as wire:
            lines = wire.makefile("rwb")
            answers = []
            for question in (output, level):
                lines.write(question.encode() + b"\n")
                lines.flush()
                answers.append(lines.readline().decode().strip())
        return float(answers[0]) != 0, float(answers[1])

    return ask


def visa(resource: str, output: str, level: str, termination: str | None = None) -> Ask:
    """PyVISA-py, one session for all questions; for HiSLIP and serial ports."""

    def ask() -> tuple[bool, float]:
        manager = pyvisa.ResourceManager("@py")
        session = manager.open_resource(resource, open_timeout=2000)
        assert isinstance(session, pyvisa.resources.MessageBasedResource)
        if termination is not None:
            session.read_termination = session.write_termination = termination
        try:
            return float(session.query(output)) != 0, float(session.query(level))
        finally:
            session.close()

    return ask


def ni_output(resource: str, output: str) -> Ask:
    """The plain nidaqmx package over gRPC, reading the board's internal channel."""
    address, _, device = resource.removeprefix("grpc://").partition("/")

    def ask() -> tuple[bool, float]:
        with grpc.insecure_channel(address, [("grpc.enable_http_proxy", 0)]) as wire:
            options = nidaqmx.GrpcSessionOptions(wire, "")
            with nidaqmx.Task(grpc_options=options) as task:
                task.ai_channels.add_ai_voltage_chan(f"{device}/_{output}_vs_aognd")
                volts = float(task.read())
        return abs(volts) >= SAFE_V, volts

    return ask


def safe(ask: Ask) -> bool:
    """Off and at 0; a question that fails proves nothing."""
    try:
        on, level = ask()
    except (OSError, ValueError, pyvisa.errors.Error, nidaqmx.errors.Error):
        return False
    return not on and abs(level) < SAFE_V


def seconds_until_safe(ask: Ask, since_s: float, within_s: float) -> float | None:
    """Wall time from `since_s` (monotonic) until it was read back as safe; None: not in time."""
    while time.monotonic() < since_s + within_s:
        if safe(ask):
            return time.monotonic() - since_s
        time.sleep(5e-3)
    return None
