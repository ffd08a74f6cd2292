"""Between a junction and a converter: cables, amplifiers, sources, mains. Numbers only."""
