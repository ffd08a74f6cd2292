"""How a run ended, for whoever asked for it."""

from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from mtjlab.core.errors import MtjlabError, NotSafeError
from mtjlab.core.events import RunEnded
from mtjlab.core.protocol import Results


@dataclass
class Outcome:
    """How a run ended. `error` is None for a finished one."""

    status: Literal["finished", "aborted", "failed"] = "failed"
    error: BaseException | None = None
    results: Results = field(default_factory=dict)
    run_id: str = ""
    run_file: Path | None = None
    bench_time_s: float = 0.0
    wall_time_s: float = 0.0

    @property
    def exit_code(self) -> int:
        """0, or the code of what went wrong."""
        if self.error is None:
            return 0
        return self.error.exit_code if isinstance(self.error, MtjlabError) else 1

    @property
    def proved_off(self) -> bool:
        """Whether every output has been read back as off, or none was ever on."""
        return not isinstance(self.error, NotSafeError)

    def told(self) -> RunEnded:
        """The last event of the run."""
        return RunEnded(self.status, words(self.error), self.results, self.proved_off)


def words(error: BaseException | None) -> str | None:
    """Class and message, as the run file keeps them."""
    return None if error is None else f"{type(error).__name__}: {error}"
