"""What a run file tells of its junctions: a look at each of them at each bias.

Tables are understood by the names of their columns, whatever protocol made them.
"""

from dataclasses import dataclass

from mtjlab.bench.file import LoadedBench, parse
from mtjlab.calibration.from_learning import of_learning
from mtjlab.calibration.from_levels import of_levels, of_traces
from mtjlab.calibration.from_map import of_map
from mtjlab.calibration.named_table import tables
from mtjlab.fitting.look import Look
from mtjlab.store import RunReader


@dataclass(frozen=True)
class Measured:
    """Of one run.

    Attributes:
        bench: that it was made on, with its overrides.
        looks: at its junctions.
        notes: what of the file was left out, and why.
    """

    bench: LoadedBench
    looks: tuple[Look, ...]
    notes: tuple[str, ...]


def measured(run: RunReader) -> Measured:
    """All looks of a run, in whatever state it is.

    Raises:
        BenchError: its bench is none for this mtjlab.
        StoreError: its rows cannot be read.
    """
    header = run.header
    bench = parse(
        header.bench_toml,
        source=f"{header.bench} in {run.path}",
        overrides=dict(header.bench_overrides),
    )
    wiring = bench.file.wiring.resolve()
    singles = {junction.cell: junction for junction in wiring.singles}
    looks: list[Look] = []
    notes: list[str] = []
    for name, table in tables(run):
        if {"bias_v", "level_p_v", "tau_p_s"} <= table.names:
            looks += of_levels(run, table, singles, notes)
        elif {"bias_v", "r_p_ohm", "tau_c_s"} <= table.names:
            looks += of_map(run, name, table, wiring, notes)
        elif {"low_v", "tau_low_s"} <= table.names:
            looks += of_traces(run, table, singles)
        elif {"node", "level_p_v", "tau_c_s"} <= table.names:
            looks += of_learning(run, table, singles, notes)
    if not looks:
        notes.append(
            f"run {header.run_id[:8]} ({header.protocol}) has no table of junctions that a twin "
            "can be fitted to; bias_sweep, telegraph, array_map and noise_learning make one"
        )
    return Measured(bench, tuple(looks), tuple(notes))
