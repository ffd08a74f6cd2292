"""mtjlab: neural networks on magnetic tunnel junctions, taught by the junctions' own noise."""

__version__ = "0.1.0"
