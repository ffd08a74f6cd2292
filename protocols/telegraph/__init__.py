"""Long traces of single junctions, without a gap."""

from protocols.telegraph.recipe import TelegraphTraces

__all__ = ["TelegraphTraces"]
