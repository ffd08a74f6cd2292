"""The digital twin: physics, one world, and the instruments that look at it."""
