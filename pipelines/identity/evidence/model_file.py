"""A model file from a generated state, the same bytes for the same arguments.

Belongs here: making the state, the header, the file. Does not belong here: what is
learned from it (``train``). A model is trained on people that were made up: nothing of
a college goes into a file that everybody reviews.
"""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

import duckdb

from pipelines.contracts.load import load_contracts
from pipelines.identity.evidence.train import train
from pipelines.identity.representation import collect
from pipelines.sample.people_only import land_people, people_only
from pipelines.settings import Home

LEARNERS = 100_000
SEED = 20_260_901


def write_model(
    out: Path, learners: int = LEARNERS, seed: int = SEED, version: int = 1
) -> dict[str, Any]:
    """Train on a generated state and write the model.

    Args:
        out: The file; a file that is there is replaced.
        learners: True persons of the state.
        seed: Of the state and of the training's samples.
        version: Number of the model; ``linkage.yaml`` names the file in force.

    Returns:
        The content of the file.
    """
    with tempfile.TemporaryDirectory(prefix="lrw-train-") as folder:
        home = Home(Path(folder))
        land_people(home, people_only(learners, seed))
        with duckdb.connect() as con:
            collect(home, load_contracts(), con)
            learned = train(con, seed, version)
    model = {
        "about": "Shares of agreement among pairs of one person (m) and of two (u).",
        "trained_on": f"a generated state of {learners} learners, seed {seed}",
        "command": (
            "python -m pipelines.identity.evidence.model_file "
            f"data_contracts/identity/model-{version}.json {learners} {seed} {version}"
        ),
        **learned,
    }
    out.write_text(json.dumps(model, indent=1) + "\n")
    return model


if __name__ == "__main__":
    write_model(Path(sys.argv[1]), *map(int, sys.argv[2:]))
