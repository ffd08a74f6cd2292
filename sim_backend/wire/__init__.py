"""Servers on loopback, through which other programs reach the instruments of a world."""
