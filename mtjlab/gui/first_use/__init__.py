"""First use: instruments, wiring and limits are asked for, and a bench file is written."""
