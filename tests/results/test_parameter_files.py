"""The parameter files and benches in data/: they resolve, dry-run, and the small ones learn."""

import struct
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from mtjlab.bench.file import load
from mtjlab.runner import Run, plan

DATA = Path(__file__).resolve().parents[2] / "data"
BENCHES = sorted(DATA.glob("*-bench.toml"))
FILES = sorted(set(DATA.glob("*.toml")) - set(BENCHES))
SHORT = ("reference_reads=200", "survey_s=50m")


def bench_of(file: Path) -> str:
    if file.stem == "stress":
        return str(DATA / "stress-bench.toml")
    return "array" if file.stem.endswith(("-neuron", "-crossbar")) else "twin"


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A hundred images of noise in MNIST's format."""
    folder = tmp_path_factory.mktemp("images")
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (100, 28, 28), dtype=np.uint8)
    labels = (np.arange(100) % 10).astype(np.uint8)
    (folder / "t10k-images-idx3-ubyte").write_bytes(
        struct.pack(">4i", 2051, *pixels.shape) + pixels.tobytes()
    )
    (folder / "t10k-labels-idx1-ubyte").write_bytes(
        struct.pack(">2i", 2049, len(labels)) + labels.tobytes()
    )
    return folder


def run(file: Path, *settings: str, runs_dir: Path | None = None, seed: int = 3) -> dict[str, Any]:
    execution = Run(
        plan(
            "noise_learning",
            bench_of(file),
            parameters_file=file,
            settings=settings,
            seed=seed,
            runs_dir=runs_dir,
        )
    )
    execution.start()
    assert execution.wait(100)
    if execution.outcome.error is not None:
        raise execution.outcome.error
    return execution.outcome.results


def test_there_is_one_for_every_table() -> None:
    assert {file.stem for file in FILES} >= {
        "paper-mnist",
        "mnist",
        "digits-64-32-10",
        "digits-64-64-32-10",
        "xor",
        "iris",
        "moons",
        "wine",
        "breast_cancer",
        "xor-neuron",
        "iris-neuron",
        "xor-crossbar",
        "iris-crossbar",
        "wine-crossbar",
        "stress",
    }


@pytest.mark.parametrize("bench", BENCHES, ids=lambda file: file.stem)
def test_benches_are_benches(bench: Path) -> None:
    assert load(str(bench)).file.twin is not None


@pytest.mark.parametrize("file", FILES, ids=lambda file: file.stem)
def test_every_file_resolves_and_dry_runs(file: Path, images: Path) -> None:
    task = (f"task=idx:{images}",) if file.stem.endswith("mnist") else ()
    results = run(file, *task, *SHORT, "epochs=1")
    assert results["reads"] > 0
    assert results["prediction"]


def test_the_paper_samples_its_noise_as_published(images: Path) -> None:
    params: Any = plan(
        "noise_learning",
        "twin",
        parameters_file=DATA / "paper-mnist.toml",
        settings=[f"task=idx:{images}"],
        runs_dir=None,
    ).params
    flips = (1 - np.exp(-params.sample_spacing)) / 2
    assert flips == pytest.approx(0.0809, abs=1e-4)
    assert params.options["telegraph"]["level"] == pytest.approx((48.02e-3 - 36.16e-3) / 2)
    assert params.scaling == "common"
    # Images without a test part beside them: a fifth is kept.
    assert params.test_count == 20


def test_digits_are_learnt_in_a_few_epochs() -> None:
    results = run(DATA / "digits-64-32-10.toml", "epochs=30", "decorrelation_rate=1e-3")
    assert results["test_accuracy_clean"] >= 0.95
    assert results["discarded_samples"] == 0


@pytest.mark.parametrize(("name", "most"), [("xor", 2400), ("xor-neuron", 1920)])
def test_hardware_in_the_loop_learns(name: str, most: int, tmp_path: Path) -> None:
    results = run(DATA / f"{name}.toml", "stop_at_target=true", runs_dir=tmp_path)
    assert results["reads_to_target"] <= most


def test_two_threads_learn_the_same() -> None:
    short = ("epochs=2", "hidden=[512]", "decorrelation_rate=0")
    one, two = (run(DATA / "digits-64-32-10.toml", *short, f"threads={n}") for n in (1, 2))
    assert two["reads"] == one["reads"]
    assert two["test_accuracy_clean"] == pytest.approx(one["test_accuracy_clean"], abs=0.02)
