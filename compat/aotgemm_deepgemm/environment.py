"""Defaults of an engine's environment: what a user has set stays."""

import os


def set_defaults(variables: dict[str, str]) -> bool:
    """Sets those that are not set, unless deep_gemm cannot be imported here. Whether it can."""
    try:
        import deep_gemm  # noqa: F401
    except ImportError:
        return False
    for name, value in variables.items():
        os.environ.setdefault(name, value)
    return True
