"""Run file in, PNG or SVG out; the only room that knows matplotlib."""

from mtjlab.pictures.picture import picture

__all__ = ["picture"]
