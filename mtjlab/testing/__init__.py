"""Checks per interface, plain functions: for tests and for a bench on site."""
