"""The samples of one part, presented round after round, and the accounts of it."""

import json
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.core.protocol import Progress, Rig, State, StateValue
from mtjlab.fabric.part import Seen
from mtjlab.learning.programming import Programmed
from mtjlab.learning.splits import Split, split_at
from protocols.infer.parameters import InferParameters
from protocols.infer.trained import Trained
from protocols.noise_learning.conditions import Conditions
from protocols.noise_learning.fabrics import Placed, together
from protocols.noise_learning.surveyed import trace_interval_s

COUNTERS = ("presented", "transactions", "calibration_transactions", "busy_s", "trace_interval_s")

PARTS = ("train", "validation", "test")


def divided(conditions: Conditions, trained: Trained) -> Split:
    """The data as they were divided for learning.

    Raises:
        DataError: they are not the same any more.
    """
    scaling = conditions.params.known("scaling")
    return split_at(conditions.task, trained.split, scaling=scaling)


def samples_of(
    split: Split, part: str
) -> tuple[NDArray[np.float32], NDArray[np.int64], NDArray[np.int64]]:
    """X (n, features), labels (n,) and rows of the task (n,) of one part, or of all."""
    parts = PARTS if part == "all" else (part,)
    some = [name for name in parts if len(getattr(split, f"{name}_labels"))]
    if not some:
        empty = np.zeros(0, dtype=np.int64)
        return np.zeros((0, 0), dtype=np.float32), empty, empty
    x, labels, rows = (
        np.concatenate([getattr(split, f"{name}_{what}") for name in some])
        for what in ("x", "labels", "rows")
    )
    return x, labels, rows


class Work:
    """A trained network on its fabrics, and how far it has come.

    Attributes:
        x, labels, rows: of the samples.
        logits: sums over the rounds, (n, classes).
        votes: classes chosen, (n, classes).
        presented: samples shown so far, all rounds counted.
        transactions, calibration_transactions, busy_s: what that took.
    """

    def __init__(
        self,
        rig: Rig,
        params: InferParameters,
        trained: Trained,
        conditions: Conditions,
        placed: Sequence[Placed],
        state: State | None,
        seen: Sequence[Seen] = (),
    ) -> None:
        self.rig, self.params, self.trained = rig, params, trained
        self.conditions, self.placed = conditions, tuple(placed)
        self.x, self.labels, self.rows = samples_of(divided(conditions, trained), params.part)
        self.network = trained.network(conditions)
        seed = 0 if state is not None else int(rig.generators["weights"].integers(2**63))
        self._programming = np.random.default_rng(seed)
        self.fabric = conditions.programmed(together(placed), self._programming)
        classes = conditions.widths[-1]
        self.logits = np.zeros((len(self.labels), classes))
        self.votes = np.zeros((len(self.labels), classes), dtype=np.int64)
        self.presented = 0
        self.transactions = 0
        self.calibration_transactions = sum(found.transactions for found in seen)
        self.busy_s = 0.0
        self.trace_interval_s = trace_interval_s(seen)
        if state is not None:
            self._restore(state)

    @property
    def batch(self) -> int:
        """Samples presented at a time."""
        asked = self.params.batch
        known: int = self.conditions.params.known("batch") if asked is None else asked
        return known

    @property
    def total(self) -> int:
        """Samples to present, all rounds counted."""
        return self.params.rounds * len(self.labels)

    def present(self) -> None:
        """The next samples of this round, once, noise and all."""
        count = len(self.labels)
        turn, first = divmod(self.presented, count)
        last = min(first + self.batch, count)
        before, began_s = self.taken, self.rig.clock.now_s()
        logits = self.network.forward(self.fabric, self.x[first:last])[-1].output
        self.busy_s += self.rig.clock.now_s() - began_s
        self.transactions += self.taken - before
        chosen = logits.argmax(axis=1)
        self.logits[first:last] += logits
        self.votes[np.arange(first, last), chosen] += 1
        told = (np.full(last - first, turn), self.rows[first:last], self.labels[first:last], chosen)
        self.rig.emit("answers", np.column_stack(told).astype(np.float64))
        self.presented += last - first

    @property
    def taken(self) -> int:
        """Transactions of all parts since calibration."""
        return sum(one.part.transactions for one in self.placed)

    def clean(self) -> NDArray[np.int64]:
        """Classes by the fabric's model without noise, (n,)."""
        return np.asarray(
            self.network.forward_clean(self.fabric, self.x).argmax(axis=1), dtype=np.int64
        )

    def progress(self) -> Progress:
        """Everything to go on from here."""
        saved: dict[str, StateValue] = {name: getattr(self, name) for name in COUNTERS}
        saved |= {"logits": self.logits.copy(), "votes": self.votes.copy()}
        saved["draws"] = json.dumps(self._programming.bit_generator.state)
        parts: dict[str, Mapping[str, StateValue]] = {
            f"part{number}": one.part.state() for number, one in enumerate(self.placed)
        }
        if isinstance(self.fabric, Programmed):
            parts["programmed"] = self.fabric.state()
        for name, state in parts.items():
            saved |= {f"{name}_{key}": value for key, value in state.items()}
        hits = self.votes[np.arange(len(self.labels)), self.labels].sum()
        accuracy = float(hits / self.presented) if self.presented else float("nan")
        return Progress(
            saved, self.presented, self.total, {"reads": self.presented, "accuracy": accuracy}
        )

    def _restore(self, state: State) -> None:
        self.logits = np.array(state["logits"], dtype=np.float64)
        self.votes = np.array(state["votes"], dtype=np.int64)
        self._programming.bit_generator.state = json.loads(str(state["draws"]))
        if isinstance(self.fabric, Programmed):
            self.fabric.restore(_below("programmed_", state))
        for number, one in enumerate(self.placed):
            one.part.restore(_below(f"part{number}_", state))
        for name in COUNTERS:
            setattr(self, name, _plain(state[name]))


def _below(prefix: str, state: State) -> dict[str, Any]:
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def _plain(value: StateValue) -> Any:
    """A number as it was: run files give arrays of no dimension back."""
    return value.item() if isinstance(value, np.ndarray | np.generic) else value
