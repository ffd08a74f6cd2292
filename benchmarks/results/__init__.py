"""The tables of docs/results.md: accuracies and reads, each row from runs of the application."""
