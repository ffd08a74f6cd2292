"""The form that asks for a run."""

from mtjlab.gui.parameters.draft import Draft
from mtjlab.gui.parameters.panel import ParameterPanel

__all__ = ["Draft", "ParameterPanel"]
