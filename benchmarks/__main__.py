"""`make bench`: every figure, its budget and its limit; `bench.json` for scripts."""

import json
import sys
from pathlib import Path

from benchmarks import (
    analysis,
    catalogue,
    crossbar,
    driver_query,
    gui,
    learning_arithmetic,
    learning_step,
    ni_stream,
    ni_wire,
    recorded_noise,
    run_store,
    serial_noise,
    telegraph,
    virtual_time,
    wire_query,
)
from benchmarks.rows import Row

OUT = Path("bench.json")


def main() -> int:
    rows: list[Row] = []
    for measure in (
        driver_query.rows,
        wire_query.rows,
        run_store.rows,
        catalogue.rows,
        learning_step.rows,
        learning_arithmetic.rows,
        serial_noise.rows,
        recorded_noise.rows,
        ni_stream.rows,
        ni_wire.rows,
        telegraph.rows,
        analysis.rows,
        crossbar.rows,
        virtual_time.rows,
        gui.rows,
    ):
        rows += measure()
    width = max(len(row.name) for row in rows)
    print(f"{'':{width}}  {'value':>10}  {'budget':>9}  {'limit':>9}  unit")
    for row in rows:
        budget = "-" if row.budget is None else f"{row.budget:.4g}"
        limit = "-" if row.limit is None else f"{row.limit:.4g}"
        verdict = "" if row.ok else "  OVER BUDGET"
        print(
            f"{row.name:{width}}  {row.value:10.4g}  {budget:>9}  {limit:>9}  {row.unit}{verdict}"
        )
    OUT.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n")
    print(f"written to {OUT}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
