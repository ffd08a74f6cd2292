"""Colours and sizes of every picture, without touching matplotlib's global settings."""

from typing import Literal

from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

# Okabe and Ito's palette: told apart with every common kind of colour vision.
BLUE = "#0072B2"
ORANGE = "#E69F00"
GREEN = "#009E73"
VERMILLION = "#D55E00"
PURPLE = "#CC79A7"
SKY = "#56B4E9"
CYCLE = (BLUE, VERMILLION, GREEN, PURPLE, ORANGE, SKY)
INK = "#222222"
GREY = "#777777"
FAINT = "#DDDDDD"

TITLE, LABEL, TICK, NOTE = 15.0, 11.5, 10.5, 10.0


def dress(axes: Axes, *, title: str = "", x: str = "", y: str = "", grid: bool = True) -> None:
    """Labels, sizes and a quiet frame."""
    if title:
        axes.set_title(title, fontsize=LABEL, loc="left", color=INK, fontweight="bold")
    axes.set_xlabel(x, fontsize=LABEL, color=INK)
    axes.set_ylabel(y, fontsize=LABEL, color=INK)
    axes.tick_params(labelsize=TICK, color=GREY, labelcolor=INK)
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(GREY)
    if grid:
        axes.grid(True, color=FAINT, linewidth=0.7)
        axes.set_axisbelow(True)


def whole_numbers(axes: Axes, *, most: int = 8) -> None:
    """Ticks only at integers, for axes that count things."""
    axes.xaxis.set_major_locator(MaxNLocator(most, integer=True))
    axes.yaxis.set_major_locator(MaxNLocator(most, integer=True))


def empty(axes: Axes, why: str) -> None:
    """An axis with nothing to show says so."""
    axes.set_axis_off()
    axes.text(
        0.5,
        0.5,
        why,
        transform=axes.transAxes,
        ha="center",
        va="center",
        fontsize=LABEL,
        color=GREY,
        wrap=True,
    )


def legend(axes: Axes, place: Literal["best", "upper right", "lower right"] = "best") -> None:
    """A legend that hides nothing behind a heavy frame."""
    axes.legend(loc=place, fontsize=NOTE, frameon=True, framealpha=0.85, edgecolor=FAINT)
