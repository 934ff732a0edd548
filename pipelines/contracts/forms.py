"""What each form of a record keeps, reduces or loses: read, checked, and as a page.

Belongs here: ``data_contracts/profile/forms.yaml``. Does not belong here: any form
(``pipelines/forms``).
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from yaml import YAMLError

from pipelines.contracts.docs import FOLDER
from pipelines.contracts.model import ContractError, Contracts
from pipelines.contracts.pages import page
from pipelines.contracts.products import load_products
from pipelines.contracts.profile import Profile, load_profile
from pipelines.contracts.yaml_text import read_yaml
from pipelines.settings import DATA_CONTRACTS

PAGE = FOLDER / "record-forms.md"
VERDICTS = ("kept", "reduced", "lost")


@dataclass(frozen=True)
class Fate:
    """What becomes of a property in a form: one of ``VERDICTS``, and why."""

    verdict: str
    why: str


@dataclass(frozen=True)
class Forms:
    """The forms, and what they do with each property.

    Attributes:
        forms: title and description by the name of a form.
        record: by property of the record, the fate by form.
        claim: the same for properties that every claim, or some kinds, can have.
        proof: the same for the two proofs, which are no property of the profile.
    """

    forms: Mapping[str, Mapping[str, str]]
    record: Mapping[str, Mapping[str, Fate]]
    claim: Mapping[str, Mapping[str, Fate]]
    proof: Mapping[str, Mapping[str, Fate]]


def load_forms(
    profile: Profile, path: Path = DATA_CONTRACTS / "profile" / "forms.yaml"
) -> Forms:
    """Reads the table.

    What JSON-LD needs (types, contexts) is the same in every record and in no form of
    its own, so constants of the profile have no row.

    Raises:
        ContractError: A property of the profile without a row or a row without a
            property, a form left out, a word that is no verdict.
    """
    try:
        given = read_yaml(path.read_text(encoding="utf-8"))
        found = Forms(
            forms=given["forms"],
            **{part: _fates(given[part]) for part in ("record", "claim", "proof")},
        )
    except KeyError as error:
        raise ContractError(f"{path.name}: {error} is missing") from None
    except YAMLError as error:
        reason = " ".join(str(error).split())
        raise ContractError(f"{path.name}: {reason}") from None
    if wrong := [*_mistakes(found, profile)]:
        raise ContractError(f"{path.name}: " + "; ".join(wrong))
    return found


def render(contracts: Contracts) -> dict[Path, str]:
    """The page with its path.

    Raises:
        ContractError: As ``load_forms`` and ``load_profile``.
    """
    forms = load_forms(load_profile(contracts, load_products()))
    return {PAGE: page("forms.md.j2", {"told": forms})}


def _fates(given: Mapping[str, Mapping[str, Any]]) -> dict[str, dict[str, Fate]]:
    return {
        path: {form: _fate(str(text)) for form, text in by_form.items()}
        for path, by_form in given.items()
    }


def _fate(text: str) -> Fate:
    verdict = next((one for one in VERDICTS if text.startswith(one)), text)
    return Fate(verdict, text.removeprefix(verdict).lstrip(":, "))


def _mistakes(found: Forms, profile: Profile) -> Iterator[str]:
    wanted = {
        "record": {one.path for one in profile.record},
        "claim": {
            one.path for kind in profile.kinds for one in kind.properties if one.columns
        },
    }
    for part, paths in wanted.items():
        there = set(getattr(found, part))
        yield from (f"{path} has no row" for path in sorted(paths - there))
        yield from (f"no property is {path}" for path in sorted(there - paths))
    for part in ("record", "claim", "proof"):
        for path, by_form in getattr(found, part).items():
            if set(by_form) != set(found.forms):
                yield f"{path}: not every form once"
            for fate in by_form.values():
                if fate.verdict not in VERDICTS:
                    yield f"{path}: {fate.verdict} is no verdict"
