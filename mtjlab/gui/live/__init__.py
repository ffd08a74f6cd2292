"""What the views read: the rows of one run, as they come or from its file. No Qt here."""
