"""How long each junction of a chip has stood at which voltage, over its whole life.

Every set-point of every output counts as the worst case that it may have put on a junction, as the
guard computes it, for as long as it stood. A real bench keeps one line of JSON per booking in
`chips/ID.jsonl` beside the runs; a twin keeps its account in the run file only.
"""

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.clock import Clock
from mtjlab.core.errors import LimitError, StoreError
from mtjlab.core.limits import JunctionLimits
from mtjlab.core.units import si
from mtjlab.core.wiring import Cell, SingleJunction, Wiring

# Upper ends of the bins, V; what lies above the last one is in the last bin.
EDGES_V = tuple(round(0.05 * n, 2) for n in range(1, 21))
_EDGES_V = np.array(EDGES_V)

Seconds = NDArray[np.float64]


@dataclass
class Account:
    """Seconds of one junction.

    Attributes:
        binned_s: (len(EDGES_V),), s, by worst-case |voltage|; 0 V is not counted.
        above_soft_s: time above the operating range, s.
    """

    binned_s: Seconds = field(default_factory=lambda: np.zeros(len(EDGES_V)))
    above_soft_s: float = 0.0

    def book(self, volts: float, seconds: float, soft_v: float) -> None:
        """`seconds` at |`volts`|."""
        if volts == 0 or seconds == 0:
            return
        place = min(int(np.searchsorted(_EDGES_V, abs(volts))), len(EDGES_V) - 1)
        self.binned_s[place] += seconds
        if abs(volts) > soft_v:
            self.above_soft_s += seconds

    def add(self, other: "Account") -> None:
        """The seconds of another one, too."""
        self.binned_s += other.binned_s
        self.above_soft_s += other.above_soft_s


class Ledger:
    """Books one bench's set-points as they change.

    Attributes:
        accounts: of this session, by cell, written or not.
        before: of earlier sessions, from the file.
    """

    def __init__(
        self,
        wiring: Wiring,
        limits: JunctionLimits,
        clock: Clock,
        *,
        file: Path | None = None,
    ) -> None:
        """An account per junction.

        Args:
            wiring: which junctions stand behind which terminal.
            limits: their worst case, the soft limit and the time allowed above it.
            clock: bench time.
            file: of the chip; None keeps nothing beyond this session.

        Raises:
            StoreError: the file is there and cannot be read.
        """
        self._behind = _behind(wiring, limits)
        self._limits = limits
        self._clock = clock
        self._file = file
        self._levels: dict[str, tuple[float, float]] = {}
        self._pending: dict[Cell, Account] = {}
        self.accounts: dict[Cell, Account] = {}
        self.before = read(file) if file is not None else {}

    def stands(self, terminal: str, volts: float) -> None:
        """From now on `terminal` holds `volts`; what it held until now is booked."""
        now_s = self._clock.now_s()
        self._close(terminal, now_s)
        if volts != 0:
            self._levels[terminal] = (volts, now_s)

    def rests(self) -> None:
        """Nothing stands anywhere any more: the bench is being made safe."""
        for terminal in tuple(self._levels):
            self.stands(terminal, 0.0)

    def played(self, terminal: str, volts: NDArray[np.float64], step_s: float) -> None:
        """Since `stands` the terminal did `volts` (n,), V, each for `step_s`."""
        self._levels.pop(terminal, None)
        # Once for all junctions of a row: a block may have thousands of levels.
        stress: dict[float, Account] = {}
        for cell, per_volt in self._behind.get(terminal, ()):
            if per_volt not in stress:
                stress[per_volt] = _stress(np.abs(volts) * per_volt, step_s, self._limits.soft_v)
            if stress[per_volt].binned_s.any():
                for accounts in (self.accounts, self._pending):
                    accounts.setdefault(cell, Account()).add(stress[per_volt])

    def settle(self) -> None:
        """Book what stands until now; the levels go on."""
        now_s = self._clock.now_s()
        for terminal, (volts, _) in tuple(self._levels.items()):
            self._close(terminal, now_s)
            self._levels[terminal] = (volts, now_s)

    def check(self, terminal: str, volts: float) -> None:
        """Refuse a level above the operating range on a junction whose time there is used up.

        Raises:
            LimitError: with the junction, its time and what is allowed.
        """
        allowed_s = self._limits.above_soft_s
        if math.isinf(allowed_s):
            return
        self.settle()
        for cell, per_volt in self._behind.get(terminal, ()):
            worst_v = abs(volts) * per_volt
            if worst_v <= self._limits.soft_v:
                continue
            used_s = self.above_soft_s(cell)
            if used_s >= allowed_s:
                raise LimitError(
                    f"{terminal} = {si(volts, 'V')} could put {si(worst_v, 'V')} on junction "
                    f"{cell}, which has stood above its operating range of "
                    f"{si(self._limits.soft_v, 'V')} for {si(used_s, 's')}; allowed are "
                    f"{si(allowed_s, 's')} in its life; nothing was sent. Stay below, or raise "
                    "limits.above_soft"
                )

    def above_soft_s(self, cell: Cell) -> float:
        """Time above the operating range in this and all earlier sessions, s."""
        return sum(book[cell].above_soft_s for book in (self.before, self.accounts) if cell in book)

    def words(self) -> str:
        """What was booked in this session, in one line; empty if nothing was."""
        self.settle()
        total = {cell: account.binned_s.sum() for cell, account in self.accounts.items()}
        if not total:
            return ""
        longest = max(total, key=lambda cell: total[cell])
        above_s = max(account.above_soft_s for account in self.accounts.values())
        return (
            f"{len(total)} junctions stood under voltage, junction {longest} longest: "
            f"{si(total[longest], 's')}; above {si(self._limits.soft_v, 'V')} at most "
            f"{si(above_s, 's')} (worst case, by the set-points)"
        )

    def write(self, run: str) -> None:
        """Append what was booked since the last time to the chip's file.

        Raises:
            StoreError: it cannot be written.
        """
        self.settle()
        booked, self._pending = self._pending, {}
        if not booked or self._file is None:
            return
        line = json.dumps(
            {
                "run": run,
                "edges_v": EDGES_V,
                "soft_v": self._limits.soft_v,
                "junctions": {
                    f"{cell.row},{cell.column}": {
                        "binned_s": account.binned_s.tolist(),
                        "above_soft_s": account.above_soft_s,
                    }
                    for cell, account in booked.items()
                },
            }
        )
        try:
            self._file.parent.mkdir(parents=True, exist_ok=True)
            with self._file.open("a", encoding="utf-8") as file:
                file.write(line + "\n")
        except OSError as error:
            raise StoreError(
                f"the stress of the chip cannot be booked in {self._file}: "
                f"{error.strerror or error}. Make the folder writable"
            ) from error

    def _close(self, terminal: str, now_s: float) -> None:
        volts, since_s = self._levels.pop(terminal, (0.0, now_s))
        self._book(terminal, volts, now_s - since_s)

    def _book(self, terminal: str, volts: float, seconds: float) -> None:
        if volts == 0 or seconds <= 0:
            return
        for cell, per_volt in self._behind.get(terminal, ()):
            for accounts in (self.accounts, self._pending):
                account = accounts.setdefault(cell, Account())
                account.book(abs(volts) * per_volt, seconds, self._limits.soft_v)


def _stress(volts: NDArray[np.float64], step_s: float, soft_v: float) -> Account:
    """Of one junction at worst-case |voltages| (n,), V, each for `step_s`."""
    volts = volts[volts > 0]
    places = np.minimum(np.searchsorted(_EDGES_V, volts), len(EDGES_V) - 1)
    binned = np.bincount(places, minlength=len(EDGES_V)).astype(np.float64)
    return Account(binned * step_s, int(np.count_nonzero(volts > soft_v)) * step_s)


def _behind(wiring: Wiring, limits: JunctionLimits) -> dict[str, list[tuple[Cell, float]]]:
    """Terminal -> each junction behind it, and its worst-case |V| per volt at the terminal."""
    found: dict[str, list[tuple[Cell, float]]] = {}
    columns = {row: array.columns for array in wiring.arrays for row in array.rows}
    for wire in wiring.driven:
        per_volt, _ = limits.worst_case(wire.divider, wire.series_ohm)
        cells = (
            [wire.cell]
            if isinstance(wire, SingleJunction)
            else [Cell(wire.cell.row, column) for column in columns[wire.cell.row]]
        )
        found.setdefault(wire.source, []).extend((cell, per_volt) for cell in cells)
    return found


def chip_file(runs_dir: Path, chip: str) -> Path:
    """Where the account of a chip is kept."""
    return runs_dir / "chips" / f"{chip}.jsonl"


def read(file: Path) -> dict[Cell, Account]:
    """The whole life of a chip; a last line that a death cut short is left out.

    Raises:
        StoreError: not readable, or not such a file; the text says which line.
    """
    total: dict[Cell, Account] = {}
    try:
        lines = file.read_text(encoding="utf-8").splitlines(keepends=True)
    except FileNotFoundError:
        return total
    except (OSError, UnicodeDecodeError) as error:
        raise StoreError(f"the chip's account {file} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        try:
            _add(total, json.loads(line)["junctions"])
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            if number == len(lines) and not line.endswith("\n"):
                break
            raise StoreError(
                f"the chip's account {file}, line {number}: not a booking ({error!r}). Mend or "
                "remove the line; it says how long junctions stood at which voltage"
            ) from error
    return total


def _add(total: dict[Cell, Account], junctions: Mapping[str, Mapping[str, Any]]) -> None:
    for name, booked in junctions.items():
        row, _, column = name.partition(",")
        account = total.setdefault(Cell(int(row), int(column)), Account())
        binned_s = np.asarray(booked["binned_s"], dtype=np.float64)
        account.add(Account(binned_s, float(booked["above_soft_s"])))
