"""Which JSON-LD contexts a document names, and in what order.

Source: 1EdTech's public validator, ContextPropertyProbe: versions other than the
current ones are accepted with a warning, another order is an error.

Belongs here: the member ``@context``. Does not belong here: what it defines
(``meaning.py``).
"""

from pipelines.publishing.contexts import CLR_V2, CREDENTIALS_V2, OB_V3
from pipelines.verification.document import CREDENTIALS_V1, Document, Kind, listed
from pipelines.verification.report import Finding, failed, passed, warning
from pipelines.verification.trust import Trust

_CLR = "https://purl.imsglobal.org/spec/clr/v2p0/context"
_OB = "https://purl.imsglobal.org/spec/ob/v3p0/context"
_WANTED = {
    Kind.RECORD: (CREDENTIALS_V2, CLR_V2, OB_V3),
    Kind.BADGE: (CREDENTIALS_V2, OB_V3),
    Kind.ENDORSEMENT: (CREDENTIALS_V2, OB_V3),
    Kind.PRESENTATION: (CREDENTIALS_V2,),
    Kind.OTHER: (CREDENTIALS_V2,),
}
_ASK = "the issuer has to issue it again with"


def contexts(document: Document, trust: Trust) -> Finding:
    """The contexts of its kind stand first, in order."""
    del trust
    named = listed(document.body.get("@context"))
    wanted = _WANTED[document.kind]
    remedy = f"{_ASK} {', '.join(_short(one) for one in wanted)} first, in this order"
    if not named or not isinstance(named[0], str):
        return failed("it names no contexts", remedy)
    families = [_family(one) for one in named[: len(wanted)]]
    if families != [_family(one) for one in wanted]:
        return failed("its contexts are not those of its kind in their order", remedy)
    if document.is_old:
        return warning("it follows VC Data Model 1.1: ask the issuer for 2.0 in time")
    other = [
        _short(one)
        for one, due in zip(named, wanted, strict=False)
        if one != due
    ]  # fmt: skip
    if other:
        return warning(f"it names other versions than the current: {', '.join(other)}")
    return passed(", ".join(_short(one) for one in wanted))


def _family(context: object) -> object:
    if context in (CREDENTIALS_V1, CREDENTIALS_V2):
        return CREDENTIALS_V2
    if isinstance(context, str):
        for start in (_CLR, _OB):
            if context.startswith(start):
                return start
    return None


def _short(context: str) -> str:
    return context.removeprefix("https://").removeprefix("purl.imsglobal.org/spec/")
