"""One file per instrument; vendor libraries are imported only here."""
