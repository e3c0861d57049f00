"""The calls of each model architecture, from its configuration: arithmetic on public facts.

Layers that serving engines fuse (q and kv, gate and up) are one call here too. Names of the configuration are those of
Hugging Face's config.json, as are the names of modules, which say what is quantised.
"""

from .table import calls_of, encoders_of

__all__ = ["calls_of", "encoders_of"]
