"""The live views; each is handed the rows of one run."""
