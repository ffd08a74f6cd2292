"""Runs that are killed: what their files hold, and whether going on gives the same bits."""
