"""Whether bits look random: the tests of NIST SP 800-22 rev. 1a, written from its formulas."""
