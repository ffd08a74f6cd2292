"""What somebody has entered for one parameter model: texts in, values and mistakes out."""

from collections.abc import Mapping
from typing import Any

from pydantic import BaseModel

from mtjlab.core.errors import ParameterError, nearest
from mtjlab.core.field_text import read_text, write_text
from mtjlab.core.field_verdict import judged, mistakes
from mtjlab.core.parameter_fields import ParameterField, fields_of, shown_first

# With fewer parameters than this none needs to stand back.
_FEW = 14


class ParameterSheet:
    """Every parameter begins at its default; an empty text is the default.

    Attributes:
        model: of the protocol.
        of: whose parameters these are, for messages.
        fields: description of each parameter, in the model's order.
    """

    def __init__(self, model: type[BaseModel], *, of: str) -> None:
        self.model = model
        self.of = of
        self.fields: dict[str, ParameterField] = fields_of(model)
        self._texts: dict[str, str] = {}
        self._values: dict[str, Any] = {}
        self._wrong: dict[str, str] = {}

    def text(self, name: str) -> str:
        """What was entered, else the default written out; "" for None and for none at all."""
        return self._texts.get(name) or self.default_text(name)

    def default_text(self, name: str) -> str:
        """The default written out; "" where it is None, or missing."""
        field = self.fields[name]
        return write_text(field, field.default)

    def put(self, name: str, text: str) -> None:
        """Enter a text; an empty one gives the default back."""
        field = self.fields[name]
        self.reset(name)
        if not text.strip():
            return
        self._texts[name] = text
        try:
            value = judged(self.model, field, read_text(field, text))
        except ParameterError as error:
            self._wrong[name] = str(error)
            return
        if field.required or value != field.default:
            self._values[name] = value

    def load(self, values: Mapping[str, Any]) -> None:
        """Put values in place of everything that was entered; None is left out.

        A value that the model does not take is entered all the same, and is a mistake.

        Raises:
            ParameterError: a name that the model does not have; nothing is changed.
        """
        for name in values:
            if name not in self.fields:
                raise ParameterError(
                    f"{self.of} has no parameter {name!r}; {nearest(name, self.fields)}"
                )
        self.reset_all()
        for name, value in values.items():
            if value is not None:
                self.put(name, self._written(self.fields[name], value))

    def reset(self, name: str) -> None:
        """Back to the default."""
        for held in (self._texts, self._values, self._wrong):
            held.pop(name, None)

    def reset_all(self) -> None:
        """Everything back to the defaults."""
        for name in self.fields:
            self.reset(name)

    def changed(self, name: str) -> bool:
        """Whether it is another value than the default, or a mistake."""
        return name in self._values or name in self._wrong

    def mistake(self, name: str) -> str:
        """What is wrong with this one by itself; "" if nothing."""
        return self._wrong.get(name, "")

    @property
    def given(self) -> dict[str, Any]:
        """Values other than the defaults, as JSON has them, in the model's order; no mistakes."""
        return {name: self._values[name] for name in self.fields if name in self._values}

    def mistakes(self) -> dict[str, str]:
        """Name -> words of all that is wrong, by itself or together; "" names the whole."""
        return mistakes(self.model, self.fields, self.given) | self._wrong

    def parameters(self) -> BaseModel:
        """The model with what is given.

        Raises:
            ParameterError: with every mistake.
        """
        wrong = self.mistakes()
        if wrong:
            lines = [f"{name}: {words}".removeprefix(": ") for name, words in wrong.items()]
            raise ParameterError(f"parameters of {self.of}: " + "\n  ".join(lines))
        return self.model.model_validate(self.given)

    def foremost(self) -> tuple[str, ...]:
        """Names to show before the others: without default, changed, or said so by the model."""
        if len(self.fields) <= _FEW:
            return tuple(self.fields)
        first = shown_first(self.model)
        return tuple(
            name
            for name, field in self.fields.items()
            if field.required or self.changed(name) or name in first
        )

    def _written(self, field: ParameterField, value: Any) -> str:
        try:
            return write_text(field, judged(self.model, field, value))
        except ParameterError:
            return write_text(field, value)
