"""What the server says when it does not do what was asked (fineract-api.md 11.1)."""

from __future__ import annotations

from typing import Any, NamedTuple

VALIDATION = "validation.msg.validation.errors.exist"
DOMAIN_RULE = "validation.msg.domain.rule.violation"
NOT_FOUND = "error.msg.resource.not.found"
INTEGRITY = "error.msg.data.integrity.issue"


class RefusalError(Exception):
    """A refusal with the HTTP status and the JSON body of the application."""

    def __init__(self, status: int, body: dict[str, Any]) -> None:
        super().__init__(status)
        self.status = status
        self.body = body

    @property
    def code(self) -> str:
        """The most specific code of the body."""
        errors = self.body.get("errors") or [self.body]
        return str(errors[0].get("userMessageGlobalisationCode", ""))


class ContainerError(Exception):
    """An error that the servlet container answers in its own shape, outside the application."""

    def __init__(self, status: int, headers: dict[str, str] | None = None, said: str = "") -> None:
        super().__init__(said or str(status))
        self.status = status
        self.headers = headers or {}
        self.said = said


class UnknownToSandboxError(Exception):
    """The sandbox does not know what a real server would do; answered 501."""


class ConflictError(Exception):
    """Another writer changed the row meanwhile, or holds what this one waits for."""


class FieldError(NamedTuple):
    """One entry of ``errors``."""

    code: str
    message: str
    parameter: str | None = None
    args: tuple[Any, ...] = ()
    value: Any = None

    def as_json(self) -> dict[str, Any]:
        """The entry as it is answered; null fields are left out."""
        entry: dict[str, Any] = {
            "developerMessage": self.message,
            "defaultUserMessage": self.message,
            "userMessageGlobalisationCode": self.code,
        }
        if self.parameter is not None:
            entry["parameterName"] = self.parameter
        if self.value is not None:
            entry["value"] = self.value
        entry["args"] = [{} if arg is None else {"value": arg} for arg in self.args]
        return entry


def _wrapped(
    status: int, developer: str, user: str, code: str, errors: list[FieldError]
) -> RefusalError:
    body = {
        "developerMessage": developer,
        "httpStatusCode": str(status),
        "defaultUserMessage": user,
        "userMessageGlobalisationCode": code,
        "errors": [error.as_json() for error in errors],
    }
    return RefusalError(status, body)


def invalid(*errors: FieldError) -> RefusalError:
    """400: fields of the request, or the state of the account, do not allow it."""
    developer = (
        "The request was invalid. This typically will happen due to validation errors "
        "which are provided."
    )
    return _wrapped(400, developer, "Validation errors exist.", VALIDATION, list(errors))


def rule_violated(code: str, message: str, *args: Any) -> RefusalError:
    """403: a business rule."""
    return _wrapped(
        403,
        "Request was understood but caused a domain rule violation.",
        "Errors contain reason for domain rule violation.",
        DOMAIN_RULE,
        [FieldError(code, message, "id", args)],
    )


def not_found(code: str, message: str, *args: Any) -> RefusalError:
    """404: no such thing."""
    said = "The requested resource is not available."
    return _wrapped(404, said, said, NOT_FOUND, [FieldError(code, message, "id", args)])


def integrity(
    code: str, message: str, parameter: str | None = None, args: tuple[Any, ...] = ()
) -> RefusalError:
    """403: a constraint of the database."""
    return _wrapped(403, message, message, code, [FieldError(code, message, parameter, args)])


def unavailable(code: str, message: str, *args: Any) -> RefusalError:
    """503: a business "not allowed" that looks like an outage."""
    said = "The server is currently unable to handle the request."
    return _wrapped(
        503,
        said,
        said,
        "error.msg.platform.service.unavailable",
        [FieldError(code, message, "id", args)],
    )


def not_authorised(message: str) -> RefusalError:
    """403: a permission is missing."""
    code = "error.msg.not.authorized"
    developer = "The user associated with credentials passed on this request does not have "
    developer += "sufficient privileges to perform this action."
    return _wrapped(
        403, developer, "Insufficient privileges.", code, [FieldError(code, message, "id")]
    )


def unsupported_query(parameter: str, given: str | None, allowed: list[str]) -> RefusalError:
    """400: a query parameter has a value that the server does not know."""
    message = f"The query parameter {parameter} has an unsupported value of: {given or 'null'}"
    return invalid(
        FieldError(
            "error.msg.query.parameter.value.unsupported",
            message,
            parameter,
            (parameter, given, allowed),
        )
    )


def unsupported_fields(names: list[str]) -> RefusalError:
    """400: fields that the command does not know, one error each."""
    return invalid(
        *(
            FieldError(
                "error.msg.parameter.unsupported",
                f"The parameter {name} is not supported.",
                name,
                (name,),
            )
            for name in names
        )
    )


def flat(status: int, code: str, message: str) -> RefusalError:
    """A single flat error object without wrapper."""
    body = {
        "developerMessage": message,
        "defaultUserMessage": message,
        "userMessageGlobalisationCode": code,
        "parameterName": "id",
        "args": [],
    }
    return RefusalError(status, body)


def bad_json(message: str | None = None) -> RefusalError:
    """400: the body is missing or is no JSON."""
    said = message or "The JSON provided in the body of the request is invalid or missing."
    return flat(400, "error.msg.invalid.request.body", said)


def conflict(kind: str) -> RefusalError:
    """409: the server gave up after its own attempts; kind is ``lock`` or ``query``."""
    message = (
        "The server is currently unable to handle the request due to concurrent modification "
        f" on {kind}, please try again"
    )
    body = {
        "developerMessage": message,
        "httpStatusCode": "409",
        "defaultUserMessage": message,
        "userMessageGlobalisationCode": f"error.msg.platform.service.{kind}.conflict",
    }
    return RefusalError(409, body)


def sql_refused(pattern: str) -> RefusalError:
    """403: a value looks like an attempt to inject SQL."""
    return rule_violated(
        "error.msg.sql.validation",
        f"SQL validation error: invalid SQL statement (detected '{pattern}' pattern)",
    )
