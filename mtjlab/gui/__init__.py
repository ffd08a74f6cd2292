"""The window at the bench: events in, commands out. Qt and pyqtgraph are known only here."""
