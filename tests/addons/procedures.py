"""Procedures of PyMeasure, as a user has them: they know nothing of mtjlab."""

import logging
from time import sleep

from pymeasure.experiment import (
    BooleanParameter,
    FloatParameter,
    IntegerParameter,
    ListParameter,
    Metadata,
    Parameter,
    Procedure,
)
from pymeasure.instruments.keithley import Keithley2400

log = logging.getLogger(__name__)


class IV(Procedure):
    steps = IntegerParameter("Steps", default=5, minimum=2, maximum=100)
    largest = FloatParameter("Largest voltage", units="V", default=0.1, minimum=0, maximum=0.3)
    up = BooleanParameter("Upwards", default=True)
    compliance = ListParameter("Compliance", choices=[1e-4, 1e-3], units="A", default=1e-3)
    library = Parameter("VISA library", default="twin@mtjsim")
    resource = Parameter("Resource", default="GPIB0::24::INSTR")
    maker = Metadata("Made by", fget="who")

    DATA_COLUMNS = ("Voltage (V)", "Current (A)", "Step")

    def who(self):
        return self.smu.id.split(",")[0]

    def startup(self):
        log.info("connecting")
        self.smu = Keithley2400(self.resource, visa_library=self.library)
        self.smu.reset()
        self.smu.source_mode = "voltage"
        self.smu.source_voltage_range = 0.2
        self.smu.compliance_current = self.compliance
        self.smu.enable_source()

    def execute(self):
        for step in range(self.steps):
            level = self.largest * step / (self.steps - 1)
            self.smu.source_voltage = level if self.up else -level
            self.emit(
                "results",
                {"Voltage (V)": level, "Current (A)": self.smu.current, "Step": step},
            )
            self.emit("progress", 100 * (step + 1) / self.steps)
            if self.should_stop():
                log.warning("told to stop")
                break

    def shutdown(self):
        if hasattr(self, "smu"):
            self.smu.source_voltage = 0
            self.smu.disable_source()
            self.smu.adapter.close()
        log.info("shut down")


class Troubled(Procedure):
    what = Parameter("What happens", default="execute")
    DATA_COLUMNS = ("n",)
    shut_down = 0

    def startup(self):
        if self.what == "startup":
            raise OSError("no cable")

    def execute(self):
        self.emit("results", {"n": 1})
        if self.what in ("execute", "both"):
            raise ValueError("no luck")
        if self.what == "exit":
            raise SystemExit(3)
        if self.what == "array":
            self.emit("results", {"n": [1, 2, 3]})
        if self.what == "stranger":
            self.emit("results", {"m": 1})
        if self.what == "batch":
            self.emit("batch results", {"n": [2, 3, 4]})
        while self.what == "endless" and not self.should_stop():
            sleep(0.01)
        while self.what == "deaf":
            self.emit("results", {"n": 2})

    def shutdown(self):
        type(self).shut_down += 1
        if self.what in ("shutdown", "both"):
            raise RuntimeError("stuck")


class Needy(Procedure):
    given = FloatParameter("Given", units="V")
    DATA_COLUMNS = ("n",)
