"""Look at every junction of the chip: what it is, and what its noise is like.

Each group of junctions is looked at with 0 V, for the noise of the instrument, then at one level
after another; the level at which a junction tells most makes its row. Where one never flipped, the
group is watched for longer at the first level.
"""

from collections.abc import Generator, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mtjlab.analysis.noise_share import variance_of
from mtjlab.core.cells import wanted
from mtjlab.core.errors import BenchError
from mtjlab.core.protocol import Progress, Results, Rig, State, Stream
from mtjlab.fabric.terminals import Terminals
from protocols.array_map.groups import Group, groups_of
from protocols.array_map.judging import COLUMNS, REASONS, VERDICTS, judge, unseen
from protocols.array_map.looking import Look, largest_levels, look
from protocols.array_map.parameters import ArrayMapParameters
from protocols.array_map.results import results_of

_STUCK = VERDICTS.index("stuck")


class ArrayMap:
    """`mtjlab run array_map`."""

    parameters = ArrayMapParameters

    def resolve(self, params: ArrayMapParameters) -> ArrayMapParameters:
        """Nothing depends on anything else."""
        return params

    def twin_overrides(self, params: ArrayMapParameters) -> dict[str, Any]:
        """None."""
        return {}

    def streams(self, params: ArrayMapParameters, rig: Rig) -> list[Stream]:
        """A row for each junction, and what the codes in it mean."""
        _plan(rig, params)
        return [
            Stream("junctions", "f8", (len(COLUMNS),), "", ",".join(COLUMNS)),
            Stream("verdicts", "f8", (len(VERDICTS),), "", ",".join(VERDICTS)),
            Stream("reasons", "f8", (len(REASONS),), "", ",".join(REASONS)),
        ]

    def setup(self, rig: Rig, params: ArrayMapParameters) -> None:
        """Every source configured and on at 0 V; selectors open."""
        groups, terminals = _plan(rig, params)
        terminals.prepare()
        for selector in dict.fromkeys(g.selector for g in groups if g.selector is not None):
            rig.selectors[selector].open_all()

    def steps(
        self, rig: Rig, params: ArrayMapParameters, state: State | None
    ) -> Generator[Progress, None, Results]:
        """One look after another; every yield is a place to go on from."""
        groups, terminals = _plan(rig, params)
        looks = _looks(params, groups)
        done = 0 if state is None else int(np.asarray(state["done"]))
        table = np.empty((0, len(COLUMNS))) if state is None else np.asarray(state["table"])
        best = np.empty((0, len(COLUMNS) + 1)) if state is None else np.asarray(state["best"])
        off = np.empty((0, 3)) if state is None else np.asarray(state["off"])
        quiet_v = np.empty(0) if state is None else np.asarray(state["quiet_v"])
        if state is None:
            rig.emit_row("verdicts", np.arange(len(VERDICTS)))
            rig.emit_row("reasons", np.arange(len(REASONS)))
            hidden = [unseen(seen) for g in groups if g.kind == "unseen" for seen in g.seen]
            if hidden:
                table = np.array(hidden)
                rig.emit("junctions", table)
        for group, level_v, duration_s in looks[done:]:
            done += 1
            if duration_s > params.duration_s and not (best[:, 2] == _STUCK).any():
                found = None
            else:
                found = look(rig, params, terminals, group, level_v, duration_s)
            if found is not None and level_v == 0.0:
                off, quiet_v = _quiet(found), found.others_v
                best = np.full((len(group.seen), len(COLUMNS) + 1), -np.inf)
            elif found is not None:
                _keep_best(rig, params, group, found, off, quiet_v, best)
            if done == len(looks) or looks[done][0] is not group:
                rows = best[:, :-1]
                rig.emit("junctions", rows)
                table = np.concatenate([table, rows])
            yield Progress(
                {"done": done, "table": table, "best": best, "off": off, "quiet_v": quiet_v},
                done,
                len(looks),
                {"junctions": len(table), "alive": int((table[:, 2] == 0).sum())},
            )
        _open(rig, groups)
        return results_of(params, groups, table)


def _plan(rig: Rig, params: ArrayMapParameters) -> tuple[tuple[Group, ...], Terminals]:
    groups = groups_of(rig, params, wanted(rig, params.cells))
    for group in groups:
        if 0.0 in group.levels_v:
            raise BenchError("bias_v: 0 V shows no junction; name levels other than 0")
        if group.selector is not None and group.selector not in rig.selectors:
            raise BenchError(f"array_map: {group.selector!r} is no selector of this bench")
    return groups, Terminals(rig, largest_levels(rig, groups))


def _looks(
    params: ArrayMapParameters, groups: Sequence[Group]
) -> list[tuple[Group, float | None, float]]:
    """Group, level and duration of each; the last one of a group is only for the stuck."""
    found: list[tuple[Group, float | None, float]] = []
    for group in groups:
        if group.kind == "unseen":
            continue
        found += [(group, level_v, params.duration_s) for level_v in (0.0, *group.levels_v)]
        if group.kind != "meter" and params.confirm_s > params.duration_s:
            found.append((group, group.levels_v[0], params.confirm_s))
    return found


def _quiet(found: Look) -> NDArray[np.float64]:
    """Mean, variance and its error of each junction's input at 0 V, (k, 3)."""
    if len(found.traces_v) < 10:
        return np.stack([found.traces_v.mean(axis=0), *np.zeros((2, found.traces_v.shape[1]))], 1)
    return np.array([(trace.mean(), *variance_of(trace)) for trace in found.traces_v.T])


def _keep_best(
    rig: Rig,
    params: ArrayMapParameters,
    group: Group,
    found: Look,
    off: NDArray[np.float64],
    quiet_v: NDArray[np.float64],
    best: NDArray[np.float64],
) -> None:
    """Replace rows of `best` (its last column is the score) by those that tell more."""
    others_a = _other_currents(group, found, off, quiet_v)
    for index in range(len(group.seen)):
        judged = rig.compute(
            judge,
            params,
            group,
            index,
            found.traces_v[:, index],
            (float(off[index, 0]), float(off[index, 1]), float(off[index, 2])),
            bias_v=float(found.bias_v[index]),
            other_a=float(others_a[index]),
            interval_s=found.interval_s,
        )
        if judged.score > best[index, -1] or best[index, 2] == judged.row[2] == _STUCK:
            best[index] = np.append(judged.row, judged.score)


def _other_currents(
    group: Group, found: Look, off: NDArray[np.float64], quiet_v: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Mean current of the rest of its row, of each junction, A; (k,)."""
    if group.kind != "array":
        return np.zeros(len(group.seen))
    tia_ohm = group.seen[0].tia_ohm
    own = np.abs(found.traces_v.mean(axis=0) - off[:, 0]) / tia_ohm
    if np.isfinite(found.row_a):
        others: NDArray[np.float64] = np.maximum(abs(found.row_a) - own, 0.0)
        return others
    rest = float(np.abs(found.others_v - quiet_v).sum()) / tia_ohm
    return np.asarray(own.sum() + rest - own, dtype=np.float64)


def _open(rig: Rig, groups: Sequence[Group]) -> None:
    for selector in dict.fromkeys(g.selector for g in groups if g.selector is not None):
        rig.selectors[selector].open_all()
