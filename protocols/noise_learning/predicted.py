"""What the run will cost on the board, in words, from the timing of its parts."""

from mtjlab.core.units import si
from protocols.noise_learning.session import Session


def predicted(session: Session) -> list[str]:
    """A sentence for each part, one for a learning step, one for the whole run."""
    conditions, rule = session.conditions, session.trainer.rule
    rows = conditions.sampling.batch * rule.passes // max(1, rule.blocks)
    of_parts = [one.part.prediction(rows) for one in session.placed]
    lines = [part.about for part in of_parts]
    blocks = rule.blocks * sum(part.transactions for part in of_parts)
    block_s = rule.blocks * sum(part.block_s for part in of_parts)
    if not blocks:
        return [*lines, "a learning step takes no transaction"]
    if session.trainer.steps:
        lines.append(
            f"on this {'twin' if session.rig.twin else 'bench'} a learning step took "
            f"{si(session.learning_s / session.trainer.steps, 's')}, latencies included"
        )
    return [
        *lines,
        f"a learning step: {blocks} transaction{'s' if blocks > 1 else ''}, {si(block_s, 's')} of "
        f"blocks beside the latency of each",
        f"the whole run: {conditions.steps} steps, {conditions.steps * blocks} transactions, "
        f"{si(conditions.steps * block_s, 's')} of blocks, evaluations apart",
    ]
