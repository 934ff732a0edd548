"""A new model, from made-up people or from what colleges have sent, for review.

Belongs here: from whom a model is learned. Does not belong here: learning
(``evidence.train``), the file (``evidence.model_file``), and which model is in force
(``linkage.yaml``).

The rule: the models that this repository ships are learned from made-up people, so that
everybody who reviews one can make it again, byte for byte. A state may learn one from
its colleges' records and keep it among its contracts; nobody outside can repeat that.
Either may be published: the file has shares of agreement, each to four digits, and how
many records there were; no value, no name, no frequency of one.
"""

import tempfile
from pathlib import Path

import duckdb
from splink.internals.exceptions import EMTrainingException

from pipelines.contracts.load import load_contracts
from pipelines.errors import OperatorError
from pipelines.identity.evidence import train
from pipelines.identity.evidence.model_file import (
    free_number,
    model_text,
    write_model,
)
from pipelines.identity.representation import collect
from pipelines.identity.review.sources import open_representations
from pipelines.sample.people_only import land_people, people_only
from pipelines.settings import Home, contracts_root


def train_model(
    home: Home,
    path: Path | None,
    seed: int,
    number: int | None = None,
    learners: int | None = None,
) -> tuple[Path, str]:
    """Learn a model and write it; the same input and seed give the same bytes.

    Args:
        home: The warehouse; the representations of its last night are learned from
            where ``learners`` is left out.
        path: The file, of which there must be none yet; ``model-<number>.json`` among
            the contracts when left out.
        seed: Of the samples, and of made-up people.
        number: Of the model; the one after the highest there is when left out.
        learners: Make up so many people and learn from them.

    Returns:
        The file, and from whom it was learned, for the operator.

    Raises:
        OperatorError: The number is taken, the file exists or cannot be written, no
            night has run, or there is too little to learn from.
    """
    folder = contracts_root() / "identity"
    version = free_number(folder, number)
    to = path or folder / f"model-{version}.json"
    if to.exists():
        raise OperatorError(f"{to} exists; a model file is never written over.")
    with duckdb.connect() as con, tempfile.TemporaryDirectory() as scratch:
        if learners is None:
            made = ""
            open_representations(con, home)
        else:
            made = f"--learners {learners} "
            state = Home(Path(scratch))
            land_people(state, people_only(learners, seed))
            collect(state, load_contracts(), con)
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
    if learners is not None:
        told += f", of {learners:,} made-up people, seed {seed}"
    command = f"lrw identity train {made}--seed {seed} --number {version}"
    write_model(to, model_text(learned, told, command))
    return to, told
