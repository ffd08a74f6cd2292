from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from mtjlab.core.protocol import Stream
from mtjlab.store import RunHeader

MakeHeader = Callable[..., RunHeader]


@pytest.fixture
def make_header() -> MakeHeader:
    def make(**changes: Any) -> RunHeader:
        fields: dict[str, Any] = {
            "run_id": "0123456789abcdef",
            "protocol": "noise_learning",
            "bench": "twin",
            "twin": True,
            "seed": 7,
            "bench_toml": '[bench]\nname = "twin"\n',
            "bench_overrides": {"instrument_noise": False},
            "parameters": {"hidden": [8], "bias_v": 0.1, "rule": None},
            "versions": {"numpy": "2.4"},
            "revision": "abc+changes",
            "host": "rack",
            "started": datetime(2026, 3, 9, 14, 30, tzinfo=UTC),
            "command": "mtjlab run noise_learning",
        }
        return RunHeader(**fields | changes)

    return make


@pytest.fixture
def streams() -> list[Stream]:
    return [
        Stream("step", "f8", (3,), "", "reads,loss,accuracy"),
        Stream("trace", "f4", (5,), "V", "one row per junction"),
        Stream("count", "i8", (), "1", "a scalar"),
    ]
