"""What a command cannot do."""

from ..errors import Error


class RequestError(Error):
    """An option whose value does not fit the files or the machine it is used with."""
