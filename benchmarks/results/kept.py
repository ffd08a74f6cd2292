"""What was measured, in a file of its own: a page is made of whole tables, measured one by one."""

import json
from concurrent.futures import ProcessPoolExecutor, as_completed
from datetime import UTC, datetime
from multiprocessing import get_context
from pathlib import Path
from typing import Any

from benchmarks.results.case import Case, Found, Table
from mtjlab.core.provenance import revision


class Kept:
    """Runs by command and seed.

    Args:
        path: of the file; made at the first run.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._runs: dict[str, dict[str, Any]] = {}
        if path.exists():
            self._runs = json.loads(path.read_text(encoding="utf-8"))

    def found(self, case: Case, seeds: list[int]) -> list[Found] | None:
        """Results of all these seeds; None if one is missing."""
        if not all(self._has(case, seed) for seed in seeds):
            return None
        return [self._runs[case.command][str(seed)]["results"] for seed in seeds]

    def made(self, table: Table, seeds: list[int]) -> str:
        """When, and by which revisions."""
        runs = [self._runs[c.command][str(seed)] for c in table.cases for seed in seeds]
        days = sorted({run["day"] for run in runs})
        revisions = sorted({run["revision"] for run in runs})
        return f"{' to '.join(sorted({days[0], days[-1]}))}, revision {', '.join(revisions)}"

    def measure(self, table: Table, seeds: list[int], processes: int, mnist: Path | None) -> None:
        """Every run of the table that is not there yet, each kept as soon as it has ended."""
        missing = [
            (case, seed) for case in table.cases for seed in seeds if not self._has(case, seed)
        ]
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            asked = {pool.submit(case.run, seed, mnist): (case, seed) for case, seed in missing}
            for number, done in enumerate(as_completed(asked), 1):
                case, seed = asked[done]
                self._runs.setdefault(case.command, {})[str(seed)] = {
                    "day": datetime.now(UTC).date().isoformat(),
                    "revision": revision(),
                    "fingerprint": case.fingerprint,
                    "results": done.result(),
                }
                self._save()
                print(f"{table.name} {number} of {len(missing)}: {case.label}, seed {seed}")

    def forget(self, table: Table) -> None:
        """Measure this table anew."""
        for case in table.cases:
            self._runs.pop(case.command, None)

    def _has(self, case: Case, seed: int) -> bool:
        run = self._runs.get(case.command, {}).get(str(seed), {})
        return bool(run) and run["fingerprint"] == case.fingerprint

    def _save(self) -> None:
        self.path.parent.mkdir(parents=True, exist_ok=True)
        new = self.path.with_suffix(".new")
        new.write_text(json.dumps(self._runs), encoding="utf-8")
        new.replace(self.path)
