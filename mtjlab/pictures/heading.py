"""What a picture shows: which run, and whether a real junction was involved."""

from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from mtjlab.pictures.style import GREY, INK, LABEL, TITLE, VERMILLION
from mtjlab.store import RunReader

MARGIN = 0.018


def roomy() -> ConstrainedLayoutEngine:
    """A layout that keeps everything a little away from the edges."""
    return ConstrainedLayoutEngine(w_pad=0.14, h_pad=0.11)


def heading(figure: Figure, run: RunReader, *, title: str) -> None:
    """Title, run line and, for a simulated bench, a badge in the upper right corner."""
    header = run.header
    status = "" if run.status == "finished" else f"  [{run.status}]"
    # The empty lines keep room for the line below, which has another size.
    figure.suptitle(
        f"{title}{status}\n\n",
        x=MARGIN,
        ha="left",
        fontsize=TITLE,
        fontweight="bold",
        color=INK,
        linespacing=1.0,
    )
    line = (
        f"{header.protocol}, bench {header.bench}, seed {header.seed}, run {header.run_id[:8]}, "
        f"{header.started:%Y-%m-%d %H:%M} UTC"
    )
    inch = 1 / float(figure.get_figheight())
    figure.text(MARGIN, 1 - 0.42 * inch, line, ha="left", va="top", fontsize=LABEL, color=GREY)
    if header.twin:
        figure.text(
            1 - MARGIN,
            1 - 0.2 * inch,
            "SIMULATED TWIN",
            ha="right",
            va="top",
            fontsize=LABEL,
            fontweight="bold",
            color="white",
            bbox={"boxstyle": "round,pad=0.35", "facecolor": VERMILLION, "edgecolor": "none"},
        )
