"""``lrw identity train`` and ``report``: the model, learned and measured.

Belongs here: parsing, calling and printing. Does not belong here: learning
(``pipelines.identity.training``) and measuring (``pipelines.identity.accuracy``).
"""

from pathlib import Path
from typing import Annotated

import typer

from pipelines.commands.shared import Told, ToldOption, err, out, write_json
from pipelines.errors import OperatorError
from pipelines.settings import CHECKOUT, home

SEEDS = (1, 2, 3)


def train(
    to: Annotated[
        Path | None,
        typer.Option("--out", help="A new file; model-<number>.json when unset."),
    ] = None,
    seed: Annotated[int, typer.Option(help="Same input and seed, same bytes.")] = 1,
    number: Annotated[
        int | None, typer.Option(min=1, help="The model's; the next when unset.")
    ] = None,
    learners: Annotated[
        int | None,
        typer.Option(min=100, help="Learn from so many made-up people instead."),
    ] = None,
) -> None:
    """Learn a model from what colleges have sent; nothing uses it before a review."""
    from pipelines.identity.training import train_model

    file, told = train_model(home(), to, seed, number, learners)
    out.print(f"{file}: {told}; linkage.yaml names the model in force", markup=False)


def report(
    to: Annotated[
        Path | None, typer.Option("--out", help="The checkout's docs when unset.")
    ] = None,
    learners: Annotated[int, typer.Option(min=100, help="True persons.")] = 200_000,
    seeds: Annotated[
        list[int] | None, typer.Option("--seed", help="One trial each; repeat it.")
    ] = None,
    public_sets: Annotated[
        bool, typer.Option("--public-sets/--no-public-sets", help="FEBRL too.")
    ] = True,
    form: ToldOption = Told.TABLE,
) -> None:
    """Measure the linkage on generated states of known truth and on public sets."""
    from pipelines.identity.accuracy.report import line, run

    folder = to or CHECKOUT / "docs"
    folder.mkdir(parents=True, exist_ok=True)
    chosen = seeds or list(SEEDS)
    with err.status(f"Linking {learners:,} learners {len(chosen)} times"):
        found = run(folder, learners, chosen, public_sets=public_sets)
    if form is Told.JSON:
        write_json({**line(found), "missed": list(found.missed)})
    else:
        for trial in found.trials:
            got = trial.accuracy
            out.print(
                f"seed {trial.seed}: precision {got.precision:.6f}, "
                f"recall {got.recall:.5f}, planted pairs joined {got.trapped}"
            )
        out.print(f"{found.path}", markup=False)
    if found.missed:
        raise OperatorError(f"Fell short: {'; '.join(found.missed)}")
