"""The dock of the runs: the catalogue, one run at a glance, two runs in one plot."""
