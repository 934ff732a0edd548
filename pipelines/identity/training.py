"""A new model learned from what colleges have sent, as a file for review.

Belongs here: the file and what it says of itself. Does not belong here: learning
(``evidence.train``), and which model is in force (``linkage.yaml``).
"""

import json
import os
from pathlib import Path

import duckdb
from splink.internals.exceptions import EMTrainingException

from pipelines.errors import OperatorError
from pipelines.identity.evidence import train
from pipelines.identity.review.sources import open_representations
from pipelines.settings import Home


def train_model(home: Home, path: Path, seed: int, version: int) -> str:
    """Learn a model and write it; the same input and seed give the same bytes.

    Args:
        home: The warehouse; the representations of its last night are learned from.
        path: The file; there must be none yet.
        seed: Of the samples.
        version: Number of the model.

    Returns:
        What it was learned from, for the operator.

    Raises:
        OperatorError: The file exists or cannot be written, or no night has run, or
            there is too little to learn from.
    """
    if path.exists():
        raise OperatorError(f"{path} exists; a model file is never written over.")
    with duckdb.connect() as con:
        open_representations(con, home)
        counted = con.execute(
            "select count(*), count(distinct student_no) from representation"
        ).fetchall()
        try:
            learned = train(con, seed, version)
        except EMTrainingException:
            raise OperatorError(
                "There is too little to learn a model from: too few pairs agree in "
                "what a person has alone."
            ) from None
    rows, students = counted[0]
    told = f"{rows:,} representations of {students:,} college students"
    command = f"lrw identity train --seed {seed} --number {version}"
    content = {"trained_on": told, "command": command, **learned}
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o644)
    except OSError as error:
        raise OperatorError(f"{path} cannot be written: {error.strerror}.") from None
    with os.fdopen(descriptor, "w", encoding="utf-8") as file:
        file.write(json.dumps(content, indent=1) + "\n")
    return told
