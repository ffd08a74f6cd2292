"""Which views a run has, in the order of their tabs."""

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.views.bench_view import BenchView
from mtjlab.gui.views.learning_view import LearningView
from mtjlab.gui.views.map_view import MapView
from mtjlab.gui.views.results_view import ResultsView
from mtjlab.gui.views.scope import ScopeView
from mtjlab.gui.views.stream_view import StreamView
from mtjlab.gui.views.sweeps.bias_sweep import BiasSweepView
from mtjlab.gui.views.sweeps.crosstalk import CrosstalkView
from mtjlab.gui.views.sweeps.drift import DriftView
from mtjlab.gui.views.sweeps.field_sweep import FieldSweepView
from mtjlab.gui.views.sweeps.iv_sweep import IvSweepView
from mtjlab.gui.views.sweeps.operating_point import OperatingPointView
from mtjlab.gui.views.sweeps.randomness import RandomnessView
from mtjlab.gui.views.sweeps.rv_tmr import RvTmrView
from mtjlab.gui.views.view import View

VIEWS: tuple[type[View], ...] = (
    LearningView,
    MapView,
    IvSweepView,
    BiasSweepView,
    RvTmrView,
    FieldSweepView,
    OperatingPointView,
    DriftView,
    CrosstalkView,
    RandomnessView,
    ScopeView,
    BenchView,
    ResultsView,
    StreamView,
)


def views_for(run: Collected) -> list[type[View]]:
    """Every view that has something to show of this run."""
    return [view for view in VIEWS if view.serves(run)]
