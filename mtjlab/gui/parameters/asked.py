"""A run being asked for: a protocol, what was entered for it, and where that came from."""

from pathlib import Path
from typing import cast

from pydantic import BaseModel

from mtjlab.bench.file import shipped
from mtjlab.bench.toml_text import toml_text
from mtjlab.core.errors import ParameterError, StoreError
from mtjlab.core.parameter_sheet import ParameterSheet
from mtjlab.core.parameters import read_file
from mtjlab.core.toml_value import toml_or_text
from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.parameters.run_options import RunOptions
from mtjlab.runner.offered import about_protocol
from mtjlab.runner.pace import PaceName
from mtjlab.runner.plan import recipe
from mtjlab.runner.queue_item import OnFailure, QueueItem
from mtjlab.store import RunReader


class Asked:
    """One protocol and its two sheets.

    Attributes:
        name: of the protocol, as `mtjlab run` takes it.
        protocol: to ask what unsaid parameters come to.
        about: one sentence.
        sheet: its parameters.
        options: seed, name, bench, on_failure, pace.
        supplied: parameter -> `item.result` that it is taken from; these are not entered.
    """

    def __init__(self, name: str) -> None:
        """Everything at its default.

        Raises:
            UsageError: no such protocol, or it does not load.
        """
        self.name = name
        self.protocol = recipe(name)
        self.about = about_protocol(self.protocol)
        self.sheet = ParameterSheet(self.protocol.parameters, of=name)
        self.options = ParameterSheet(RunOptions, of="the run")
        self.supplied: dict[str, str] = {}

    @classmethod
    def of_run(cls, path: Path) -> tuple["Asked", str]:
        """As a past run was, and words about what could not be taken over; "" if all was.

        Raises:
            StoreError: no run file; UsageError: its protocol is not there, or has changed.
        """
        with RunReader.open(path) as run:
            header = run.header
        asked = cls(header.protocol)
        asked.sheet.load(header.parameters)
        known = header.bench in shipped()
        asked.options.load({"seed": header.seed, "bench": header.bench if known else None})
        said = (
            ""
            if known
            else f"{path.name} was made on bench {header.bench!r}, which is not a shipped one; "
            "here the bench of the window is meant. Give its file under bench"
        )
        return asked, said

    @classmethod
    def of_item(cls, item: QueueItem) -> "Asked":
        """As an item of the queue is.

        Raises:
            UsageError: its protocol is not there.
        """
        asked = cls(item.protocol)
        asked.supplied = {use.parameter: f"{use.step}.{use.result}" for use in item.uses}
        settings = [setting.partition("=") for setting in item.settings]
        won = {name.strip(): toml_or_text(text.strip()) for name, _, text in settings}
        asked.sheet.load({**item.parameters, **won})
        asked.options.load(
            {
                "seed": item.seed,
                "name": item.name or None,
                "bench": item.bench,
                "on_failure": item.on_failure,
                "pace": item.pace,
            }
        )
        return asked

    def load_file(self, path: Path) -> None:
        """Parameters of a TOML file in place of those entered; the run's own stay.

        Raises:
            ParameterError: not readable, or parameters of something else; nothing is changed.
        """
        self.sheet.load(read_file(path))

    def save_file(self, path: Path) -> None:
        """What is not at its default, for `--params` and `load_file`.

        Raises:
            StoreError: it cannot be written.
        """
        text = f"# mtjlab run {self.name} --params {path.name}\n\n{toml_text(self.sheet.given)}"
        try:
            path.write_text(text, encoding="utf-8")
        except OSError as error:
            raise StoreError(f"parameter file {path}: cannot be written: {error}") from error

    def mistakes(self) -> dict[str, str]:
        """Key of the row -> words; those of the run as `run.NAME`."""
        of_run = {f"run.{name}": words for name, words in self.options.mistakes().items()}
        own = self.sheet.mistakes()
        return {key: words for key, words in own.items() if key not in self.supplied} | of_run

    def parameters(self) -> BaseModel | None:
        """What the protocol can be asked about; None while others have to supply something."""
        try:
            return self.sheet.parameters()
        except ParameterError:
            return None

    def draft(self, bench: str) -> Draft:
        """What is asked for, on `bench` unless another was entered; only without mistakes."""
        given = self.options.given
        return Draft(
            self.name,
            given.get("bench", bench),
            self.sheet.given,
            given.get("seed"),
            given.get("name", ""),
            cast(OnFailure, given.get("on_failure", "continue")),
            cast(PaceName, given.get("pace", "virtual")),
        )
