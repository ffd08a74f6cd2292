"""What somebody enters: values given, mistakes said, and everything back to the default."""

import tomllib
from pathlib import Path
from typing import Annotated, Any, ClassVar

import pytest
from pydantic import Field, create_model, model_validator

from mtjlab.core import plugins
from mtjlab.core.errors import ParameterError
from mtjlab.core.parameter_sheet import ParameterSheet
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity

DATA = Path(__file__).parents[2] / "data"
SETS = sorted(path.name for path in DATA.glob("*.toml") if not path.stem.endswith("-bench"))


class Ramp(Parameters):
    """Two ends that must differ."""

    limit_a: Annotated[float, Quantity("A"), Gt(0), Le(1)]
    start_v: Annotated[float, Quantity("V"), Ge(-1), Le(1)] = 0.0
    stop_v: Annotated[float, Quantity("V"), Ge(-1), Le(1)] = 0.1
    points: int | None = Field(None, description="None: as many as the source has")

    @model_validator(mode="after")
    def _ends(self) -> "Ramp":
        if self.start_v == self.stop_v:
            raise ValueError("start_v and stop_v are the same")
        return self


@pytest.fixture
def sheet() -> ParameterSheet:
    return ParameterSheet(Ramp, of="ramp")


def test_only_what_differs_from_the_default_is_given(sheet: ParameterSheet) -> None:
    sheet.put("limit_a", "5u")
    sheet.put("start_v", "0 V")
    sheet.put("stop_v", "200 mV")
    sheet.put("points", "1k")
    assert sheet.given == {"limit_a": 5e-6, "stop_v": 0.2, "points": 1000}
    assert [name for name in sheet.fields if sheet.changed(name)] == list(sheet.given)
    assert sheet.parameters() == Ramp(limit_a=5e-6, stop_v=0.2, points=1000)


def test_an_empty_text_and_a_reset_are_the_default(sheet: ParameterSheet) -> None:
    sheet.put("stop_v", "0.3")
    sheet.put("stop_v", " ")
    assert (sheet.text("stop_v"), sheet.changed("stop_v")) == ("100 mV", False)
    sheet.put("points", "7")
    sheet.put("start_v", "9")
    sheet.reset_all()
    assert (sheet.given, sheet.mistake("start_v"), sheet.text("points")) == ({}, "", "")


def test_mistakes_are_said_alone_and_together(sheet: ParameterSheet) -> None:
    assert sheet.mistakes() == {"limit_a": "needs a value; it has no default"}
    sheet.put("limit_a", "2")
    assert sheet.mistakes() == {"limit_a": "2 A is too large; expected more than 0 A, at most 1 A"}
    assert sheet.changed("limit_a")
    with pytest.raises(ParameterError, match="parameters of ramp: limit_a: 2 A is too large"):
        sheet.parameters()
    sheet.put("limit_a", "1")
    sheet.put("stop_v", "-0")
    assert sheet.mistakes() == {"": "start_v and stop_v are the same"}


def test_values_of_a_file_come_in_as_people_write_them(sheet: ParameterSheet) -> None:
    sheet.put("points", "3")
    sheet.load({"limit_a": "20 uA", "stop_v": 0.05, "start_v": 3, "points": None})
    assert [sheet.text(name) for name in sheet.fields] == ["20 uA", "3 V", "50 mV", ""]
    assert list(sheet.mistakes()) == ["start_v"]
    with pytest.raises(ParameterError, match=r"ramp has no parameter 'stopv'.*'stop_v'"):
        sheet.load({"stopv": 1})
    assert sheet.text("limit_a") == "20 uA"


def test_a_short_form_shows_all_and_a_long_one_what_matters() -> None:
    class Long(Parameters):
        """Twenty of them."""

        shown_first: ClassVar[tuple[str, ...]] = ("p3", "no_such")

    fields: dict[str, Any] = {f"p{n}": (int, n) for n in range(20)}
    long = ParameterSheet(create_model("Longer", __base__=Long, **fields), of="long")
    long.put("p7", "70")
    assert long.foremost() == ("p3", "p7")
    assert ParameterSheet(Ramp, of="ramp").foremost() == tuple(Ramp.model_fields)


def test_resolved_parameters_of_a_run_are_entered_without_its_nones() -> None:
    protocol = plugins.load("protocols", "noise_learning")()
    resolved = protocol.resolve(protocol.parameters(fabric="crossbar"))
    sheet = ParameterSheet(protocol.parameters, of="noise_learning")
    sheet.load(resolved.model_dump(mode="json"))
    assert "window_v" in resolved.options["crossbar"]
    assert "window_v" not in sheet.text("options")
    assert protocol.resolve(sheet.parameters()) == resolved


@pytest.mark.parametrize("name", SETS)
def test_shipped_parameter_sets_are_entered_as_they_are_run(name: str) -> None:
    kind = plugins.load("protocols", "noise_learning").parameters
    values = tomllib.loads((DATA / name).read_text(encoding="utf-8"))
    sheet = ParameterSheet(kind, of="noise_learning")
    sheet.load(values)
    assert sheet.parameters() == kind.model_validate(values)
