"""What the state has agreed about linking: ``data_contracts/identity/linkage.yaml``.

Belongs here: reading and refusing. Does not belong here: what the settings do.
"""

import json
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import Any

import yaml

from pipelines.contracts.yaml_text import read_yaml
from pipelines.errors import OperatorError
from pipelines.settings import contracts_root

MODEL = "splink-model/"
"""What ``decided_by`` begins with where the model decided."""

_DIGEST_SHOWN = 12

PERSON_LEVEL = ("ssn", "state_ps_id", "state_k12_id", "email", "phone")
"""Evidence that can be one person's own."""

OTHER = (
    "address",
    "household_email",
    "household_phone",
    "school",
    "zip",
    "middle_name",
)
"""Evidence that others may share, worth something only together."""


@dataclass(frozen=True)
class Model:
    """A trained model: of each comparison the share of agreement, m and u, by level.

    Attributes:
        version: Its number.
        prior: Probability that two records drawn at random are one person.
        levels: Of each comparison the levels with their m and u.
        digest: SHA-256 of its file.
    """

    version: int
    prior: float
    levels: dict[str, dict[str, tuple[float, float]]]
    digest: str

    @property
    def id(self) -> str:
        """The name the event log knows it by; ``sha256sum`` of the file begins so.

        A number alone would name two models where somebody edits a file in force.
        """
        return f"{MODEL}{self.version} (sha256 {self.digest[:_DIGEST_SHOWN]})"


@dataclass(frozen=True)
class Policy:
    """The agreed thresholds and gates, with the model they are meant for.

    Attributes:
        link: Probability from which a pair that passes the gates is linked.
        review: Probability from which a person looks at it.
        keep: Probability from which a pair is written down at all.
        most_carriers: A value with more carriers says nothing.
        established_name: Students from which a given name is one of its own.
        generation_years: Years between birth dates of two generations.
        person: Evidence of one person, each enough beside names and birth date.
        together: Sets of evidence, each enough where all of it is there.
        together_new_name: The same where the family name is another one.
        model: The trained model.
        digest: SHA-256 of the two files, for logs.
    """

    link: float
    review: float
    keep: float
    most_carriers: int
    established_name: int
    generation_years: int
    person: tuple[str, ...]
    together: tuple[tuple[str, ...], ...]
    together_new_name: tuple[tuple[str, ...], ...]
    model: Model
    digest: str


def load_policy(root: Path | None = None) -> Policy:
    """Read ``identity/linkage.yaml`` and the model it names.

    Args:
        root: The contracts' folder; ``settings.contracts_root`` when left out.

    Raises:
        OperatorError: A file is missing or says something that cannot be meant.
    """
    folder = (root or contracts_root()) / "identity"
    try:
        text = (folder / "linkage.yaml").read_text()
        said = read_yaml(text)
        model_text = (folder / str(said["model"])).read_text()
        model = read_model(model_text)
        found = _policy(said, model, sha256((text + model_text).encode()).hexdigest())
    except OSError as error:
        raise OperatorError(f"The linkage policy cannot be read: {error}") from None
    except (KeyError, TypeError, ValueError, yaml.YAMLError) as error:
        raise OperatorError(
            f"identity/linkage.yaml or its model is not usable: {error!r}"
        ) from None
    mistakes = _mistakes(found)
    if mistakes:
        raise OperatorError(f"data_contracts/identity/linkage.yaml: {mistakes[0]}")
    return found


def read_model(text: str) -> Model:
    """A model from the content of its file.

    Raises:
        KeyError: Something is missing.
        ValueError: It is not JSON, or a share is no number.
    """
    said = json.loads(text)
    return Model(
        version=int(said["version"]),
        prior=float(said["probability_two_random_records_match"]),
        levels={
            comparison: {
                level: (float(shares["m"]), float(shares["u"]))
                for level, shares in levels.items()
            }
            for comparison, levels in said["comparisons"].items()
        },
        digest=sha256(text.encode()).hexdigest(),
    )


def _policy(said: dict[str, Any], model: Model, digest: str) -> Policy:
    thresholds, plausible = said["thresholds"], said["plausibility"]
    enough = said["corroboration"]
    return Policy(
        link=float(thresholds["link"]),
        review=float(thresholds["review"]),
        keep=float(thresholds["keep"]),
        most_carriers=int(plausible["most_carriers"]),
        established_name=int(plausible["established_name"]),
        generation_years=int(said["birth_date"]["generation_years"]),
        person=tuple(enough["person"]),
        together=tuple(tuple(line) for line in enough["together"]),
        together_new_name=tuple(
            tuple(line) for line in enough["together_new_family_name"]
        ),
        model=model,
        digest=digest,
    )


def _mistakes(policy: Policy) -> list[str]:
    found = []
    if not 0 < policy.keep <= policy.review <= policy.link < 1:
        found.append("thresholds must rise from keep through review to link, below 1")
    found += [
        f"{word} is no evidence of one person"
        for word in sorted(set(policy.person) - set(PERSON_LEVEL))
    ]
    known = {*PERSON_LEVEL, *OTHER}
    for line in (*policy.together, *policy.together_new_name):
        found += [f"{word} is no evidence" for word in set(line) - known]
        if not line:
            found.append("an empty line under together would link by name alone")
    return found
