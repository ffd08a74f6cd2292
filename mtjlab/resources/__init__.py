"""Shipped benches and data sets."""
