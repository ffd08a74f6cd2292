"""Run file in, PNG or SVG out; the only room that knows matplotlib."""
