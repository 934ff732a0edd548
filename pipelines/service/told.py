"""What the specification has a service say when it does not answer with data.

Source: CLR 2.0 and Open Badges 3.0, Imsx_StatusInfo; RFC 6750 §3 for WWW-Authenticate.

Belongs here: the body and the headers of a refusal. Does not belong here: pages for
people (``pages.py``), errors of OAuth's own endpoints (``oauth.py``).
"""

from dataclasses import dataclass, field

import orjson
from starlette.responses import Response

SYSTEM = "learner record service"
"""``imsx_codeMinorFieldName``: which system says so."""


@dataclass
class RefusedError(Exception):
    """An answer that is not data.

    Attributes:
        status: of HTTP.
        minor: ``imsx_codeMinorFieldValue``.
        words: ``imsx_description``; never holds what was sent.
        major: ``imsx_codeMajor``.
        headers: beside those that every answer has.
    """

    status: int
    minor: str
    words: str
    major: str = "failure"
    headers: dict[str, str] = field(default_factory=dict)

    def response(self) -> Response:
        """The answer."""
        body = {
            "imsx_codeMajor": self.major,
            "imsx_severity": "error",
            "imsx_description": self.words,
            "imsx_codeMinor": {
                "imsx_codeMinorField": [
                    {
                        "imsx_codeMinorFieldName": SYSTEM,
                        "imsx_codeMinorFieldValue": self.minor,
                    }
                ]
            },
        }
        return Response(
            orjson.dumps(body),
            self.status,
            {"Cache-Control": "no-store", **self.headers},
            "application/json",
        )


def unauthorized(words: str, *, presented: bool) -> RefusedError:
    """401; ``presented`` when there was a token, and it is no good."""
    error = ', error="invalid_token"' if presented else ""
    return RefusedError(
        401,
        "unauthorizedrequest",
        words,
        headers={"WWW-Authenticate": f'Bearer realm="learner records"{error}'},
    )


def out_of_scope(scope: str) -> RefusedError:
    """403: the token was given for something else."""
    return RefusedError(
        403,
        "forbidden",
        f"the access token is not for {scope}",
        headers={
            "WWW-Authenticate": 'Bearer realm="learner records", '
            f'error="insufficient_scope", scope="{scope}"'
        },
    )


def bad_parameter(words: str, **headers: str) -> RefusedError:
    """400: a parameter of the query is not what it has to be."""
    return RefusedError(400, "invalid_query_parameter", words, headers=headers)


def not_found() -> RefusedError:
    """404: there is no such thing, or none that would be told."""
    return RefusedError(404, "not_found", "there is nothing here")


def not_allowed(allowed: str) -> RefusedError:
    """405: the service is read-only."""
    return RefusedError(
        405,
        "not_allowed",
        "this service is for reading: records come from the colleges",
        "unsupported",
        {"Allow": allowed},
    )
