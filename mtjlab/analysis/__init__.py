"""From samples to levels, rates and correlation times."""
