"""What can be refused. Codes only: the words for each code live in templates."""


class DomainError(Exception):
    """A rule said no. `code` is a stable snake_case word that web/errors.py maps to a status and a page."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


class ProviderError(Exception):
    """A vendor refused or could not be reached.

    `permanent`: the same request will never succeed. `accepted_unknown`: the vendor may have acted
    (a time-out after sending); ask before repeating. `code` is the vendor's own error code.
    """

    def __init__(self, code: str, *, permanent: bool = False, accepted_unknown: bool = False) -> None:
        super().__init__(code)
        self.code = code
        self.permanent = permanent
        self.accepted_unknown = accepted_unknown


class UnverifiedWebhook(Exception):
    """The signature is missing or wrong: answered 403, nothing stored."""


class MalformedWebhook(Exception):
    """Authentic but unreadable: answered 400."""
