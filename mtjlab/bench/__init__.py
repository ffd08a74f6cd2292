"""The bench file, its instruments, the guard before them and the safe state behind them."""
