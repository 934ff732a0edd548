"""The fast path says what a full JSON-LD processor says, or refuses."""

import copy
import random

import pytest
import record_factory as factory
from hypothesis import given, settings
from hypothesis import strategies as st

from pipelines.publishing import guard, reference
from pipelines.publishing.canonical import canonical
from pipelines.publishing.contexts import ACHIEVEMENT_CONTEXTS, CLR_CONTEXTS
from pipelines.publishing.nquads import Writer
from pipelines.publishing.pruning import prune
from pipelines.publishing.reference import UnsignableError
from pipelines.publishing.terms import Terms

TERMS = Terms()


def fast(document: dict) -> str:
    return canonical(Writer(TERMS).write(document))


@pytest.mark.parametrize("learner", [1, 2])
def test_a_whole_record_has_the_reference_form(learner):
    document = prune(factory.record(learner))
    lines = fast(document)
    assert lines == reference.canonical(document)
    assert lines.count("\n") > 800


def test_every_kind_of_credential_has_the_reference_form():
    for credential in prune(factory.record(1))["credentialSubject"][
        "verifiableCredential"
    ]:
        assert fast(credential) == reference.canonical(credential)


def test_a_signed_record_and_its_proof_options_have_the_reference_form(signed, proofs):
    guard.compare(signed, proofs)


def test_the_guard_refuses_a_writer_that_forgets_a_line(signed, proofs, monkeypatch):
    whole = guard.canonical

    def forgetful(quads):
        return whole(quads).split("\n", 1)[1]

    monkeypatch.setattr(guard, "canonical", forgetful)
    with pytest.raises(UnsignableError, match="differs from the reference"):
        guard.compare(signed, proofs)


def test_a_repeated_course_leaves_twin_nodes_and_the_reference_form():
    document = factory.record(1, courses=2)
    credentials = document["credentialSubject"]["verifiableCredential"]
    for attempt in range(3):
        again = factory.course(1, learner=1, grade="F")
        again["id"] = factory.urn("attempt", attempt)
        again["credentialSubject"]["id"] = factory.urn("attempt subject", attempt)
        credentials.append(again)
    document = prune(document)
    assert fast(document) == reference.canonical(document)


def test_a_repeated_ordered_list_goes_to_pyoxigraph_and_keeps_the_reference_form():
    document = factory.record(1, courses=1)
    again = factory.badge(1)
    again["id"] = factory.urn("second badge")
    again["credentialSubject"]["id"] = factory.urn("second badge subject")
    document["credentialSubject"]["verifiableCredential"].append(again)
    document = prune(document)
    assert fast(document) == reference.canonical(document)


def test_order_of_keys_and_of_list_members_does_not_matter():
    document = prune(factory.record(1, courses=3))

    def shuffled(value, dice):
        if isinstance(value, dict):
            items = [(k, shuffled(v, dice)) for k, v in value.items()]
            dice.shuffle(items)
            return dict(items)
        if isinstance(value, list):
            return [shuffled(item, dice) for item in value]
        return value

    turned = shuffled(document, random.Random(7))
    turned["credentialSubject"]["verifiableCredential"].reverse()
    assert list(turned) != list(document)
    assert fast(turned) == fast(document)


TEXT = st.text(
    st.characters(exclude_categories=["Cs"])
    | st.sampled_from('\x00\x08\x0b\x7f"\\\n\r'),
    min_size=1,
    max_size=12,
)
IRI = st.uuids().map(lambda value: f"urn:uuid:{value}") | st.sampled_from(
    ["https://a.example/ü?q=%20#x", "did:web:a.example", "https://b.example/a:b"]
)
NUMBER = (
    st.integers(-10_000, 10_000)
    | st.integers(-400_000, 400_000).map(lambda cents: cents / 100)
    | st.integers(1, 9_999).map(lambda value: value / 10_000)
).filter(lambda value: "e" not in repr(value))


def optional(required: dict, extra: dict) -> st.SearchStrategy:
    return st.fixed_dictionaries(required, optional=extra)


PROFILE = optional(
    {
        "id": st.uuids().map(lambda value: f"https://{value}.example/"),
        "type": st.just(["Profile"]),
    },
    {
        "name": TEXT,
        "url": IRI,
        "official": TEXT,
        "address": optional(
            {"type": st.just(["Address"])},
            {
                "addressLocality": TEXT,
                "geo": st.fixed_dictionaries(
                    {
                        "type": st.just("GeoCoordinates"),
                        "latitude": NUMBER,
                        "longitude": NUMBER,
                    }
                ),
            },
        ),
        "otherIdentifier": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("IdentifierEntry"),
                    "identifier": TEXT,
                    "identifierType": TEXT,
                }
            ),
            min_size=1,
            max_size=3,
        ),
    },
)
ALIGNMENT = optional(
    {"type": st.just(["Alignment"]), "targetName": TEXT, "targetUrl": IRI},
    {"targetCode": TEXT, "targetType": TEXT},
)
DESCRIPTION = optional(
    {"type": st.just(["ResultDescription"]), "name": TEXT, "resultType": TEXT},
    {
        "id": IRI,
        "allowedValue": st.lists(TEXT, min_size=1, max_size=4),
        "rubricCriterionLevel": st.lists(
            optional(
                {"type": st.just(["RubricCriterionLevel"]), "name": TEXT}, {"id": IRI}
            ),
            min_size=1,
            max_size=2,
        ),
    },
)
ACHIEVEMENT = optional(
    {
        "id": IRI,
        "type": st.just(["Achievement"]),
        "name": TEXT,
        "criteria": st.fixed_dictionaries({"narrative": TEXT}),
    },
    {
        "creator": PROFILE,
        "creditsAvailable": NUMBER,
        "tag": st.lists(TEXT, min_size=1, max_size=3),
        "alignment": st.lists(ALIGNMENT, min_size=1, max_size=3),
        "resultDescription": st.lists(DESCRIPTION, min_size=1, max_size=3),
        "image": st.fixed_dictionaries({"id": IRI}),
        "inLanguage": TEXT,
    },
)
SUBJECT = optional(
    {"type": st.just(["AchievementSubject"]), "achievement": ACHIEVEMENT},
    {
        "id": IRI,
        "creditsEarned": NUMBER,
        "source": PROFILE,
        "term": TEXT,
        "identifier": st.lists(
            st.fixed_dictionaries(
                {
                    "type": st.just("IdentityObject"),
                    "hashed": st.booleans(),
                    "identityHash": TEXT,
                    "identityType": TEXT,
                }
            ),
            min_size=1,
            max_size=2,
        ),
        "result": st.lists(
            optional({"type": st.just(["Result"])}, {"value": TEXT, "status": TEXT}),
            min_size=1,
            max_size=3,
        ),
    },
)
CREDENTIAL = optional(
    {
        "@context": st.just([factory.CONTEXTS[0], factory.CONTEXTS[2]]),
        "type": st.permutations(["VerifiableCredential", "OpenBadgeCredential"])
        | st.just(["VerifiableCredential", "AchievementCredential"]),
        "issuer": PROFILE,
        "validFrom": TEXT,
        "credentialSubject": SUBJECT,
    },
    {
        "id": IRI,
        "awardedDate": TEXT,
        "evidence": st.lists(
            optional({"type": st.just(["Evidence"])}, {"id": IRI, "genre": TEXT}),
            min_size=1,
            max_size=2,
        ),
        "credentialStatus": st.fixed_dictionaries(
            {
                "type": st.just("BitstringStatusListEntry"),
                "statusPurpose": TEXT,
                "statusListIndex": TEXT,
                "statusListCredential": IRI,
            }
        ),
    },
)
RECORD = optional(
    {
        "@context": st.just(factory.CONTEXTS),
        "id": IRI,
        "type": st.just(["VerifiableCredential", "ClrCredential"]),
        "issuer": PROFILE | IRI,
        "credentialSubject": optional(
            {
                "type": st.just(["ClrSubject"]),
                "verifiableCredential": st.lists(CREDENTIAL, min_size=1, max_size=3),
            },
            {
                "id": IRI,
                "achievement": st.lists(ACHIEVEMENT, min_size=1, max_size=2),
                "association": st.lists(
                    st.fixed_dictionaries(
                        {
                            "type": st.just("Association"),
                            "associationType": TEXT,
                            "sourceId": IRI,
                            "targetId": IRI,
                        }
                    ),
                    min_size=1,
                    max_size=3,
                ),
            },
        ),
    },
    {"partial": st.booleans(), "name": TEXT},
)


@settings(max_examples=120, deadline=None, derandomize=True)
@given(CREDENTIAL | RECORD)
def test_generated_documents_have_the_reference_form(document):
    assert fast(document) == reference.canonical(document)


@pytest.mark.parametrize("record", range(12))
def test_quads_that_look_alike_are_hashed_each(record):
    """A subject without an id of credentials without ids: RDFC-1.0 §4.6.

    Several, since a wrong hash still gives the right order now and then.
    """
    document = {
        "@context": list(CLR_CONTEXTS),
        "id": "urn:uuid:e3e70682-c209-4cac-629f-6fbed82c07cd",
        "type": ["VerifiableCredential", "ClrCredential"],
        "issuer": "urn:uuid:f728b4fa-4248-5e3a-0a5d-2f346baa9455",
        "credentialSubject": {
            "type": ["ClrSubject"],
            "verifiableCredential": [
                {
                    "@context": list(ACHIEVEMENT_CONTEXTS),
                    "type": ["VerifiableCredential", "OpenBadgeCredential"],
                    "issuer": {
                        "id": f"https://{record}.example/{number}",
                        "type": ["Profile"],
                    },
                    "validFrom": "2026-09-01T00:00:00Z",
                    "credentialSubject": {
                        "type": ["AchievementSubject"],
                        "creditsEarned": number,
                    },
                }
                for number in range(5)
            ],
        },
    }
    assert fast(document) == reference.canonical(document)


def spoiled(change) -> dict:
    document = copy.deepcopy(prune(factory.course(1, learner=1)))
    change(document)
    return document


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (lambda d: d.update(grade="A"), "defines the term 'grade'"),
        (lambda d: d["credentialSubject"].update(humanCode="ENG"), "'humanCode'"),
        (lambda d: d.update({"https://schema.org/name": "x"}), "schema.org"),
        (lambda d: d.update({"@included": []}), "'@included'"),
        (lambda d: d["type"].append("Diploma"), "the type 'Diploma'"),
        (lambda d: d.update(name={"en": "English"}), "defines the term 'en'"),
        (lambda d: d.update(name={"@value": "x"}), "'@value'"),
        (lambda d: d.update(name=None), "null"),
        (lambda d: d.update(evidence=[]), "empty"),
        (lambda d: d.update(name={}), "empty"),
        (lambda d: d.update(id="ENG 101"), "absolute IRI"),
        (lambda d: d.update(id="urn:uuid:a b"), "absolute IRI"),
        (lambda d: d.update(id=""), "absolute IRI"),
        (lambda d: d.update(id="_:b0"), "absolute IRI"),
        (lambda d: d.update(id=7), "not a string"),
        (lambda d: d["credentialSubject"].update(creditsEarned=1e-7), "exponent"),
        (lambda d: d["credentialSubject"].update(creditsEarned=1e300), "exponent"),
        (lambda d: d["credentialSubject"].update(creditsEarned=float("nan")), "expon"),
        (lambda d: d["credentialSubject"].update(creditsEarned=2**60), "too large"),
        (lambda d: d.update({"@context": ["https://a.example/c"]}), "allow-list"),
        (lambda d: d.pop("@context"), "names no context"),
        (lambda d: d.update(_sd=["x"]), "of a kind no record uses"),
    ],
)
def test_what_a_signature_would_not_cover_is_refused(change, reason):
    with pytest.raises(UnsignableError, match=reason):
        fast(spoiled(change))


def test_an_id_that_a_context_would_rewrite_is_refused():
    document = prune(factory.record(1, courses=1))
    document["credentialSubject"]["id"] = "obi:someone"
    with pytest.raises(UnsignableError, match="prefix of its context"):
        fast(document)


def test_a_refusal_names_terms_and_never_what_the_record_says():
    document = spoiled(lambda d: d.update(name={"en": "María Secret"}))
    with pytest.raises(UnsignableError) as caught:
        fast(document)
    assert "Secret" not in str(caught.value)


def test_a_graph_that_would_take_exponential_time_is_refused_at_once():
    def person(depth: int) -> dict:
        body = {"type": ["Profile"]}
        return body if not depth else {**body, "parentOrg": [person(depth - 1)] * 3}

    document = spoiled(lambda d: d["credentialSubject"].update(source=person(4)))
    with pytest.raises(UnsignableError, match="look alike"):
        fast(document)
