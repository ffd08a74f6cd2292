"""From what was measured of many junctions to the parameters of a twin."""
