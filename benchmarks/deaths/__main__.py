"""`python -m benchmarks.deaths`: `kill -9` at random moments of a run, and going on from there."""

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np

from benchmarks.deaths import combinations
from benchmarks.deaths.killed import PROTOCOLS, Death, Whole, command, killed, whole
from benchmarks.page import write_table

_PAGE = Path("docs/runs.md")
# So many seeds take turns; each needs one run that nobody interrupts.
SEEDS = 5
# Every so many-th run that is gone on with is killed, too, and gone on with again.
TWICE = 4


def one(
    protocol: str, number: int, seed: int, complete: Whole, after_s: float, folder: Path
) -> Death | None:
    """One death and all that follows from it; None if the run was over before."""
    asked = (protocol, *PROTOCOLS[protocol], "--seed", str(seed))
    arguments = command("run", *asked, "--out", str(folder / "run"))
    ended = killed(arguments, folder / "run", after_s)
    if ended is None:
        return None
    path, unix_s = ended
    death = Death(after_s, [])
    has_checkpoint = death.examine(path, unix_s, complete.path)
    mended = path.with_name(path.name.replace("-", "-mended-", 1))
    death.mend(path, mended)
    # The file as it was left and the repaired one take turns.
    begun_with = mended if number % 2 else path
    if not has_checkpoint:
        death.refused(begun_with, folder / "resumed")
        return death
    if number % TWICE == TWICE - 1:
        arguments = command("resume", str(begun_with), "--out", str(folder / "between"))
        again = killed(arguments, folder / "between", 0.5 * max(0.1, complete.seconds - after_s))
        if again is not None and death.examine(*again, complete.path):
            death.deaths = 2
            begun_with = again[0]
    death.go_on(begun_with, folder / "resumed")
    death.compare(folder / "resumed", complete.path)
    return death


def deaths(protocol: str, times: int, seed: int, jobs: int, minutes: float) -> list[Death]:
    """So many deaths that left a checkpoint, and those that came before one."""
    until_s = time.monotonic() + 60.0 * minutes
    rng = np.random.default_rng([seed, sorted(PROTOCOLS).index(protocol)])
    found: list[Death] = []
    with tempfile.TemporaryDirectory(prefix="deaths-") as name, ThreadPoolExecutor(jobs) as pool:
        home = Path(name)
        completes = list(
            pool.map(lambda s: whole(protocol, seed + s, home / f"whole{s}"), range(SEEDS))
        )
        number = 0
        while sum(death.resumed for death in found) < times and time.monotonic() < until_s:
            wanted = min(2 * jobs, times - sum(death.resumed for death in found))
            numbers = range(number, number + wanted)
            number += wanted
            moments_s = [rng.uniform(0.0, completes[n % SEEDS].seconds) for n in numbers]

            def each(n: int, after_s: float) -> Death | None:
                turn = n % SEEDS
                return one(protocol, n, seed + turn, completes[turn], after_s, home / f"{n}")

            for n, death in zip(numbers, pool.map(each, numbers, moments_s), strict=True):
                if death is None:
                    continue
                found.append(death)
                words = "; ".join(death.wrong) or "as it should be"
                missing = "" if death.missing_s is None else f", {death.missing_s:.3f} s missing"
                print(f"{protocol} {n}: {death.after_s:.3f} s{missing}, {words}", flush=True)
    return found


def row(protocol: str, found: list[Death]) -> str:
    """Of the table, in Markdown."""
    resumed = [death for death in found if death.resumed]
    same = sum(not death.wrong for death in resumed)
    missing_s = [death.missing_s for death in found if death.missing_s is not None]
    twice = sum(death.deaths > 1 for death in resumed)
    late = sum(missing > 1.0 for missing in missing_s)
    opened = sum(not any("status" in w or "rows of" in w for w in d.wrong) for d in found)
    before = len(found) - len(resumed)
    refused = sum(not death.wrong for death in found if not death.resumed)
    return (
        f"| `{protocol}` | {opened} of {len(found)} | {max(missing_s, default=0.0):.2f} s, "
        f"{late} above 1 s | {same} of {len(resumed)} | {twice} | {refused} of {before} |"
    )


def asked_for(protocol: str) -> str:
    """The command, for the page."""
    return f"`{' '.join(('mtjlab run', protocol, *PROTOCOLS[protocol]))}`"


def main() -> int:
    """Kill as often as was asked; 1 if anything was not as it should be."""
    options = argparse.ArgumentParser(prog="python -m benchmarks.deaths", description=__doc__)
    options.add_argument("--times", type=int, default=100, help="deaths that left a checkpoint")
    options.add_argument("--protocol", nargs="*", choices=sorted(PROTOCOLS))
    options.add_argument("--seed", type=int, default=1)
    options.add_argument("--jobs", type=int, default=2, help="at a time")
    options.add_argument("--minutes", type=float, default=600.0, help="none begins later")
    options.add_argument("--combinations", type=int, default=60, help="of options, stopped instead")
    options.add_argument("--page", type=Path, help=f"write the tables there, such as {_PAGE}")
    given = options.parse_args()
    protocols = list(PROTOCOLS) if given.protocol is None else given.protocol
    wrong = 0
    if given.times:
        lines = [
            f"Seed {given.seed}, {', '.join(map(asked_for, protocols))}.",
            "",
            "| | opens, says died, rows right, also by h5py after `repair` | missing at most | "
            "bit-identical after `resume` | of these killed twice | before the first checkpoint, "
            "refused with a reason |",
            "|---|---|---|---|---|---|",
        ]
        for protocol in protocols:
            found = deaths(protocol, given.times, given.seed, given.jobs, given.minutes)
            wrong += sum(bool(death.wrong) for death in found)
            lines.append(row(protocol, found))
        print("\n".join(lines))
        if given.page is not None:
            write_table("\n".join(lines), "deaths", given.page)
    if given.combinations:
        text, differing = combinations.measured(given.combinations, given.seed)
        print(text)
        wrong += differing
        if given.page is not None:
            write_table(text, "combinations", given.page)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
