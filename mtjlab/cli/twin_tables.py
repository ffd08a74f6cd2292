"""What a fit found, and how far a twin is from a run, as tables on the screen."""

from rich.table import Table

from mtjlab.analysis.estimate import Estimate
from mtjlab.core.units import si
from mtjlab.fitting.chip import Chip


def fit_table(chip: Chip) -> Table:
    """One line for each parameter, with its interval or why there is none."""
    table = Table(
        title=f"twin of {len(chip.devices)} junctions", title_justify="left", pad_edge=False
    )
    for column in ("", "value", "95 %", ""):
        table.add_column(column)
    for name, estimate, unit in _rows(chip):
        table.add_row(name, *_words(estimate, unit))
    for found in chip.found:
        table.add_row(f"junction {found.cell}", found.kind or "left out", "", found.words)
    return table


def _rows(chip: Chip) -> list[tuple[str, Estimate, str]]:
    r, d = chip.resistances, chip.dwells
    rows = [("r_p_ohm", r.r_p_ohm, "ohm"), ("tmr", r.tmr, ""), ("tmr_half_v", r.tmr_half_v, "V")]
    if d is not None:
        rows += [("V50", d.v50_v, "V"), ("tau_p_s", d.tau_p_s, "s"), ("tau_ap_s", d.tau_ap_s, "s")]
        for state, slopes in (("p", d.slopes_p), ("ap", d.slopes_ap)):
            rows.append((f"slope_{state}_per_v", slopes[0], ""))
            rows += [(f"curvature_{state}_per_v2", slope, "") for slope in slopes[1:]]
    rows += [("r_sigma", r.r_sigma, ""), ("tmr_sigma", r.tmr_sigma, "")]
    if d is not None:
        rows += [("tau_sigma", d.tau_sigma, ""), ("v50_v (spread)", d.v50_sigma_v, "V")]
    rows.append(("r_tau_correlation", chip.correlation, ""))
    rows += [(f"noise of {name}", noise, "V") for (name, _), noise in chip.noise_v.items()]
    return rows


def _words(estimate: Estimate, unit: str) -> tuple[str, str, str]:
    def text(value: float) -> str:
        return si(value, unit) if unit else f"{value:.4g}"

    value = text(estimate.value) if estimate.known else "-"
    return value, f"{text(estimate.low)} .. {text(estimate.high)}", estimate.reason or ""
