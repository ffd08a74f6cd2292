"""Learning rules, one file each, all with the `step` of `rule.Rule`."""
