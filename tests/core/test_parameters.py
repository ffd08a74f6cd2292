"""Parameters from files and prompts, and what a wrong one gets."""

from pathlib import Path
from typing import Annotated

import pytest
from pydantic import Field

from mtjlab.core.errors import ParameterError
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity, from_texts, read_file


class Sweep(Parameters):
    bias_v: Annotated[float, Quantity("V"), Ge(0), Le(0.3)] = Field(0.1, description="bias")
    dwell_s: Annotated[float, Quantity("s"), Gt(0)] = 1e-3
    task: str = "iris"
    hidden: list[Annotated[int, Ge(1)]] | None = None
    stop: bool = False


def sweep(*settings: str, **given: object) -> Sweep:
    return from_texts(Sweep, given, settings, of="sweep")


def test_prompt_texts_are_toml_else_text() -> None:
    made = sweep("bias_v=50m", "dwell_s=5 us", "task=wine", "hidden=[8, 4]", "stop=true")
    assert made == Sweep(bias_v=0.05, dwell_s=5e-6, task="wine", hidden=[8, 4], stop=True)


def test_prompt_wins_over_file(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    file.write_text('bias_v = "20 mV"\ntask = "xor"\n')
    made = from_texts(Sweep, read_file(file), ["bias_v=0.2"], of="sweep")
    assert (made.bias_v, made.task) == (0.2, "xor")


def test_unknown_name_gets_the_nearest() -> None:
    with pytest.raises(ParameterError, match=r"baias_v: unknown; did you mean 'bias_v'\?"):
        sweep("baias_v=1")


@pytest.mark.parametrize(
    ("setting", "fragments"),
    [
        ("bias_v=0.5", ["bias_v", "0.5", ">= 0 and <= 0.3 V"]),
        ("bias_v=-1m", ["bias_v", "'-1m'", ">= 0 and <= 0.3 V"]),
        ("dwell_s=0", ["dwell_s", "0", "> 0 s"]),
        ("bias_v=5 A", ["bias_v", "is in A; expected a value in V"]),
        ("bias_v=nan", ["bias_v"]),
        ("bias_v=inf", ["bias_v"]),
        ("hidden=[0]", ["hidden[0]", "0", ">= 1"]),
        ("hidden=8", ["hidden", "list"]),
        ("stop=perhaps", ["stop", "perhaps"]),
    ],
)
def test_value_range_and_unit_are_said(setting: str, fragments: list[str]) -> None:
    with pytest.raises(ParameterError) as refused:
        sweep(setting)
    for fragment in fragments:
        assert fragment in str(refused.value)


def test_every_mistake_is_listed_at_once() -> None:
    with pytest.raises(ParameterError) as refused:
        sweep("bias_v=9", "dwell=1", "hidden=[0]")
    assert str(refused.value).count("\n") == 2


def test_a_setting_needs_a_value() -> None:
    with pytest.raises(ParameterError, match="expected name=value"):
        sweep("bias_v")


def test_a_file_that_is_not_toml_or_not_there(tmp_path: Path) -> None:
    file = tmp_path / "p.toml"
    with pytest.raises(ParameterError, match="cannot be read"):
        read_file(file)
    file.write_text("bias_v = = 1")
    with pytest.raises(ParameterError, match="not TOML"):
        read_file(file)
    file.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ParameterError, match="cannot be read"):
        read_file(file)
