"""PyVISA finds the twins by name here: `ResourceManager("@mtjsim")`, `("BENCH@mtjsim")`."""

from mtjlab.bench.simulate import visa_twins
from sim_backend.ports.visa import TwinVisaLibrary


class MtjsimVisaLibrary(TwinVisaLibrary):
    """The instruments of the bench whose name stands before the @."""

    def attach_bench(self, name: str) -> None:
        """Simulate bench `name`; the default one for an empty name."""
        clock, twins = visa_twins(name)
        self.follow(clock)
        for resource, twin in twins:
            self.attach(resource, twin)


WRAPPER_CLASS = MtjsimVisaLibrary
