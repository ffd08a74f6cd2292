"""One file for each sweep: which numbers its plots show."""
