"""One spelling for an e-mail address, so that one person cannot hold two accounts by writing it
differently.
"""

import unicodedata


def normalise(address: str) -> str:
    """Trimmed, NFKC and lower case, the local part too: no provider of note tells cases apart."""
    return unicodedata.normalize("NFKC", address).strip().lower()
