"""Parts of a world's saved state."""

from mtjlab.core.errors import BenchError
from mtjlab.core.generators import Generators
from mtjlab.core.protocol import State, StateValue
from sim_backend.physics.population import Population

# Streams of the run that are part of the world; the others belong to the protocol.
_STREAMS = ("noise", "instruments")


def streams(generators: Generators) -> dict[str, StateValue]:
    """Where the world's random streams stand."""
    saved = generators.state()
    return {f"generator/{name}": saved[name] for name in _STREAMS}


def below(prefix: str, state: State) -> dict[str, StateValue]:
    """The entries whose names begin with `prefix`, without it."""
    return {k.removeprefix(prefix): v for k, v in state.items() if k.startswith(prefix)}


def restore_chip(population: Population, state: State) -> None:
    """Put the junctions where they were.

    Raises:
        BenchError: they are those of another chip.
    """
    try:
        population.restore(state)
    except (KeyError, ValueError) as error:
        saved = len(state["ap"]) if hasattr(state.get("ap"), "__len__") else 0  # type: ignore[arg-type]
        if saved != len(population.ap):
            raise BenchError(
                f"the saved world has {saved} junctions, this bench has {len(population.ap)}; "
                "resume with the bench file stored in the run"
            ) from error
        raise BenchError(
            f"the saved world is of another chip: {error}; resume with the bench file stored in "
            "the run"
        ) from error
