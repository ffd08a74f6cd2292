"""Parameters of `randomness`."""

from typing import Annotated

from pydantic import Field

from mtjlab.analysis.randomness.whitening import XorOf
from mtjlab.core.cells import Cells
from mtjlab.core.parameters import Ge, Gt, Le, Parameters, Quantity

Bias = Annotated[float, Quantity("V"), Gt(0), Le(10)]


class RandomnessParameters(Parameters):
    """See the field descriptions; biases are volts behind the divider."""

    cells: Cells = Field(
        None,
        description="[row, column] of each single junction; None: those of biases, else all that "
        "one board reads",
    )
    bias_v: Bias | None = Field(
        None, description="of all junctions; None: what the bench file says of each, else 0.1 V"
    )
    biases: list[tuple[int, int, Bias]] | None = Field(
        None,
        description="[row, column, volts] of junctions, as operating_point found them; in place of "
        "what the bench file says",
    )
    bits: Annotated[int, Ge(1000), Le(20_000_000)] = Field(
        1_000_000, description="wanted behind XOR and von Neumann; some tests take 1 000 000"
    )
    sequences: Annotated[int, Ge(1), Le(300)] = Field(
        55,
        description="equal parts of the bits that each test is run on, as far as they are long "
        "enough for it; 55 let the p-values themselves be tested",
    )
    sample_spacing: Annotated[float, Ge(0.1), Le(1000)] = Field(
        5.0, description="between bits of one junction, in tau_c of the slowest one used"
    )
    xor_depth: Annotated[int, Ge(0), Le(6)] | None = Field(
        None,
        description="stages of pairs: 2^depth raw bits make one. None: 3, or as many as the "
        "junctions that can serve allow",
    )
    xor_of: XorOf = Field(
        "junctions",
        description="junctions: bits of 2^depth junctions at one time; consecutive: bits of one",
    )
    von_neumann: bool = Field(
        False, description="of each pair of unlike bits keep the first, of like ones none"
    )
    survey_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        0.2, description="of the trace that shows the levels and tau_c of each junction"
    )
    max_tau_c_s: Annotated[float, Quantity("s"), Gt(0), Le(100)] = Field(
        1e-3, description="slower junctions are masked"
    )
    max_duration_s: Annotated[float, Quantity("s"), Gt(0), Le(1e6)] = Field(
        3600.0, description="of all reading; what there is by then is tested"
    )
