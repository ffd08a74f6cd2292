"""What is imported only when a link is opened, for who must be quick then.

After the death of an application every tenth of a second counts, and a library of PyVISA takes two.
"""

from contextlib import suppress

import pyvisa


def visa() -> None:
    """Load the VISA library that a first link would load; opens nothing."""
    with suppress(Exception):
        pyvisa.ResourceManager("").close()
