"""Which views a run has, in the order of their tabs."""

from mtjlab.gui.live.collected import Collected
from mtjlab.gui.views.scope import ScopeView
from mtjlab.gui.views.view import View

VIEWS: tuple[type[View], ...] = (ScopeView,)


def views_for(run: Collected) -> list[type[View]]:
    """Every view that has something to show of this run."""
    return [view for view in VIEWS if view.serves(run)]
