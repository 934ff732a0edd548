"""What the service says of itself to programs: discovery, and RFC 8414 metadata.

Source: Open Badges 3.0 §"Service Discovery Endpoint" and §"Request the Service
Description Document" (``x-imssf-*``), which CLR 2.0 shares.

Belongs here: the documents. Does not belong here: serving them.
"""

from typing import Any

from pipelines.service.apis import OFFLINE, READ_CREDENTIALS, READ_PROFILE, SCOPES, Api
from pipelines.service.credentials import MOST, USUAL
from pipelines.service.web import Site

AUTHORIZE, TOKEN = "/oauth/authorize", "/oauth/token"
REVOKE, REGISTER = "/oauth/revoke", "/oauth/register"
METADATA = "/.well-known/oauth-authorization-server"
ABOUT = "/about"

_BASIC = ["client_secret_basic"]


def metadata(site: Site) -> dict[str, Any]:
    """RFC 8414: the authorization server."""
    return {
        "issuer": site.url,
        "authorization_endpoint": site.url + AUTHORIZE,
        "token_endpoint": site.url + TOKEN,
        "registration_endpoint": site.url + REGISTER,
        "revocation_endpoint": site.url + REVOKE,
        "scopes_supported": list(SCOPES),
        "response_types_supported": ["code"],
        "response_modes_supported": ["query"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "token_endpoint_auth_methods_supported": _BASIC,
        "revocation_endpoint_auth_methods_supported": _BASIC,
        "code_challenge_methods_supported": ["S256"],
        "authorization_response_iss_parameter_supported": True,
        "op_policy_uri": f"{site.url}{ABOUT}#privacy",
        "op_tos_uri": f"{site.url}{ABOUT}#terms",
    }


def description(api: Api, site: Site, system: str) -> dict[str, Any]:
    """The service description document: OpenAPI 3.0 of what is supported.

    Args:
        api: the interface.
        site: where it is reached.
        system: the issuer's name.
    """
    scopes = {
        scope: words
        for scope, words in SCOPES.items()
        if scope.startswith(api.family) or scope == OFFLINE
    }
    return {
        "openapi": "3.0.1",
        "info": {
            "title": system,
            "version": api.version,
            "description": f"{api.name} {api.version}, for reading.",
            "termsOfService": f"{site.url}{ABOUT}#terms",
            "x-imssf-privacyPolicyUrl": f"{site.url}{ABOUT}#privacy",
        },
        "servers": [{"url": f"{site.url}{api.path}"}],
        "paths": {
            "/credentials": {"get": _get_credentials(api)},
            "/profile": {"get": _get_profile(api)},
            "/discovery": {"get": _get_description()},
        },
        "components": {
            "securitySchemes": {
                "OAuth2ACG": {
                    "type": "oauth2",
                    "description": "OAuth 2.0 Authorization Code Grant authorization",
                    "x-imssf-name": system,
                    "x-imssf-privacyPolicyUrl": f"{site.url}{ABOUT}#privacy",
                    "x-imssf-registrationUrl": site.url + REGISTER,
                    "x-imssf-termsOfServiceUrl": f"{site.url}{ABOUT}#terms",
                    "flows": {
                        "authorizationCode": {
                            "tokenUrl": site.url + TOKEN,
                            "authorizationUrl": site.url + AUTHORIZE,
                            "refreshUrl": site.url + TOKEN,
                            "scopes": scopes,
                        }
                    },
                }
            },
            "schemas": _schemas(api),
        },
    }


def _get_credentials(api: Api) -> dict[str, Any]:
    return {
        "operationId": "getCredentials",
        "summary": "The published credentials of the learner who allowed it.",
        "parameters": [
            _parameter(
                "limit",
                "How many credentials a page has.",
                {"type": "integer", "minimum": 1, "maximum": MOST, "default": USUAL},
            ),
            _parameter(
                "offset",
                "The first credential of the page, from 0.",
                {"type": "integer", "minimum": 0, "default": 0},
            ),
            _parameter(
                "since",
                "Only what was issued after this moment.",
                {"type": "string", "format": "date-time"},
            ),
            _parameter(
                "version",
                "Put into the Link header: the version of the record that the first "
                "page was of. 400 once there is a later one: begin again.",
                {"type": "string"},
            ),
        ],
        "responses": {
            "200": {
                "description": "A page of credentials.",
                "headers": {
                    "X-Total-Count": {
                        "description": "Credentials on all pages.",
                        "schema": {"type": "integer"},
                    },
                    "Link": {
                        "description": "next, last, first, prev",
                        "schema": {"type": "string"},
                    },
                },
                "content": _json(api.response),
            },
            **_refusals(),
        },
        "security": [{"OAuth2ACG": [api.scope(READ_CREDENTIALS)]}],
    }


def _get_profile(api: Api) -> dict[str, Any]:
    return {
        "operationId": "getProfile",
        "summary": "The learner who allowed it.",
        "responses": {
            "200": {"description": "The profile.", "content": _json("Profile")},
            "404": {
                "description": "Nothing is published of the learner.",
                "content": _json("Imsx_StatusInfo"),
            },
            **_refusals(),
        },
        "security": [{"OAuth2ACG": [api.scope(READ_PROFILE)]}],
    }


def _get_description() -> dict[str, Any]:
    return {
        "operationId": "getServiceDescription",
        "summary": "This document.",
        "responses": {
            "200": {
                "description": "The service description document.",
                "content": {"application/json": {"schema": {"type": "object"}}},
            },
            "default": {
                "description": "The request was refused.",
                "content": _json("Imsx_StatusInfo"),
            },
        },
    }


def _parameter(name: str, words: str, schema: dict[str, Any]) -> dict[str, Any]:
    return {"name": name, "in": "query", "description": words, "schema": schema}


def _json(schema: str) -> dict[str, Any]:
    return {"application/json": {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _refusals() -> dict[str, Any]:
    words = {
        "400": "A parameter is not what it has to be.",
        "401": "There is no access token, or it is no good.",
        "403": "The access token is for something else.",
        "405": "The service is for reading.",
        "500": "The service failed.",
        "default": "The request was refused.",
    }
    return {
        status: {"description": said, "content": _json("Imsx_StatusInfo")}
        for status, said in words.items()
    }


def _schemas(api: Api) -> dict[str, Any]:
    """What answers look like; a credential is described by its official schema."""
    family = api.path.removeprefix("/ims/").replace("/", "_")
    official = (
        f"https://purl.imsglobal.org/spec/{family.replace('_', '/')}/schema/json/"
        f"{family}_{api.item.lower()}_schema.json"
    )
    return {
        api.response: {
            "type": "object",
            "properties": {
                "credential": {
                    "type": "array",
                    "items": {"$ref": f"#/components/schemas/{api.item}"},
                },
                "compactJwsString": {"type": "array", "items": {"type": "string"}},
            },
            "additionalProperties": False,
        },
        api.item: {
            "type": "object",
            "externalDocs": {"url": official},
            "required": ["@context", "id", "type", "issuer", "credentialSubject"],
        },
        "Profile": {
            "type": "object",
            "required": ["id", "type"],
            "properties": {
                "id": {"type": "string", "format": "uri"},
                "type": {"type": "array", "items": {"type": "string"}},
                "name": {"type": "string"},
            },
        },
        "Imsx_StatusInfo": {
            "type": "object",
            "required": ["imsx_codeMajor", "imsx_severity"],
            "properties": {
                "imsx_codeMajor": {
                    "type": "string",
                    "enum": ["failure", "processing", "success", "unsupported"],
                },
                "imsx_severity": {
                    "type": "string",
                    "enum": ["error", "status", "warning"],
                },
                "imsx_description": {"type": "string"},
                "imsx_codeMinor": {"type": "object"},
            },
        },
    }
