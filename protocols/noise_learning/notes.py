"""What a careful reader of the results must know, in sentences."""

from collections.abc import Sequence

from mtjlab.core.units import si
from mtjlab.fabric.part import Honesty
from mtjlab.learning.serial_noise import Serial
from protocols.noise_learning.fabrics import Placed
from protocols.noise_learning.session import Session

WARN_CORRELATION = 0.1


def notes_of(session: Session, honest: Sequence[Honesty]) -> list[str]:
    """Why a result is null, and why one may not mean what it seems to."""
    trainer, params = session.trainer, session.params
    notes = _control(session)
    for one, found in zip(session.placed, honest, strict=True):
        notes += [note for note in found.notes if note not in notes]
        notes += _of_part(one, found)
    presented = trainer.reads // trainer.rule.passes
    if trainer.discarded == presented > 0:
        notes.append(
            "every sample was discarded: no read differed from the other, so there was no noise "
            "to learn from and nothing was learnt"
        )
    if trainer.reads_to_target is None:
        notes.append(
            f"reads_to_target: {params.target_accuracy:.0%} was not reached twice in a row in "
            f"{trainer.reads} reads"
        )
    if len(session.split.test_labels) == 0:
        notes.append("test accuracies: this task has no test part")
    if params.alignment and session.alignment is None:
        notes.append("alignment: the summed update or the gradient was zero")
    return notes


def _control(session: Session) -> list[str]:
    """A run without the junctions' noise must never be taken for one with it."""
    how = {
        "off": "off: the junctions were held at 0 V while learning",
        "stuck": "stuck: every junction was held in one state while learning",
        "mean": "mean: every junction was replaced by its mean response while learning",
    }.get(session.params.junctions)
    if how is None:
        return []
    noisy = session.params.instrument_noise == "on"
    return [
        f"junctions = {how}, so whatever was learnt was NOT learnt from the junctions"
        + (" but from the instruments' own noise" if noisy else "")
    ]


def _of_part(one: Placed, found: Honesty) -> list[str]:
    notes = []
    spacing_s, tau_c_s = found.sample_spacing_s, found.slowest_tau_c_s
    if spacing_s is not None and tau_c_s is not None and spacing_s < tau_c_s:
        notes.append(
            f"{one.name}: reads of one junction were {si(spacing_s, 's')} apart, closer than its "
            f"correlation time of up to {si(tau_c_s, 's')}: successive samples share their noise"
        )
    pass_s = found.pass_spacing_s
    if pass_s is not None and tau_c_s is not None and pass_s < tau_c_s:
        notes.append(
            f"{one.name}: the reads of one sample were {si(pass_s, 's')} apart, closer than the "
            f"correlation time of up to {si(tau_c_s, 's')}: they hardly differ and teach little"
        )
    correlation = found.correlation
    if correlation.value is None:
        notes.append(f"noise_correlation_max of {one.name}: {correlation.reason}")
    elif correlation.value > max(WARN_CORRELATION, correlation.chance or 0.0) and not isinstance(
        one.part.precision, Serial
    ):
        assert correlation.first is not None
        assert correlation.second is not None
        first, second = one.nodes[correlation.first], one.nodes[correlation.second]
        notes.append(
            f"noise_correlation_max is {correlation.value:.2f} (nodes {first} and {second}), "
            f"above {WARN_CORRELATION}: they share noise and the update is biased; look for "
            "pickup on the common bias"
        )
    return notes
