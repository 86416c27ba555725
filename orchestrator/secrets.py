"""Secrets at rest: encrypted (Fernet: AES-128-CBC with HMAC-SHA256) with the key of the settings, shown to nobody."""

import json
import os
import re
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Iterable, Mapping
from contextlib import suppress
from functools import lru_cache
from hashlib import sha256
from tempfile import mkstemp
from typing import Any
from urllib.parse import quote, quote_plus

from orchestrator.errors import Conflict
from orchestrator.graph import Parameter
from orchestrator.settings import settings

SEALED = "sealed:"
MASK = "***"
SHORTEST_LINE = 8  # of a secret of several lines, such as a private key; shorter ones are in any text


def seal(secret: str) -> str:
    """The secret as it may be stored in a run's config."""
    return f"{SEALED}{_cipher().encrypt(secret.encode()).decode()}"


def reveal(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values with the sealed ones in clear.

    Raises:
        Conflict: `secret`, sealed with another key.
    """
    return {name: _open(value) if is_sealed(value) else value for name, value in values.items()}


def mask(values: Mapping[str, Any]) -> dict[str, Any]:
    """The values as an answer may hold them."""
    return {name: MASK if is_sealed(value) else value for name, value in values.items()}


def hidden(text: str, secrets: Iterable[str]) -> str:
    """The text without these secrets, however it writes them: the name of a host is in small letters.

    Those that may hold another come first.
    """
    for secret in secrets:
        for form in _forms(secret):
            text = form.sub(MASK, text)
    return text


@lru_cache(maxsize=64)
def _forms(secret: str) -> tuple[re.Pattern[str], ...]:
    """How a message may write a secret: as it is, by line, in Python, JSON or SQL, in a URL, in a header."""
    plain = [secret, *(line for line in secret.splitlines() if len(line) >= SHORTEST_LINE)]
    forms = set(plain)
    for text in plain:
        data = text.encode(errors="surrogatepass")
        forms |= {quote(data), quote(data, safe=""), quote_plus(data), b64encode(data).decode()}
        forms |= {repr(text)[1:-1], json.dumps(text)[1:-1], json.dumps(text, ensure_ascii=False)[1:-1]}
        forms.add(text.replace("'", "''"))
    return tuple(re.compile(re.escape(form), re.IGNORECASE) for form in sorted(forms, key=len, reverse=True))


def values_of(parameters: Iterable[Parameter], values: Mapping[str, Any]) -> tuple[str, ...]:
    """The values of the secret ones among parameters, those that may hold another first."""
    found = [values.get(each.name, each.default) for each in parameters if each.type == "secret"]
    return tuple(sorted((str(value) for value in found if value), key=len, reverse=True))


def is_sealed(value: Any) -> bool:
    """Whether a value is a sealed secret."""
    return isinstance(value, str) and value.startswith(SEALED)


def _open(value: str) -> str:
    from cryptography.fernet import InvalidToken

    try:
        return str(_cipher().decrypt(value.removeprefix(SEALED).encode()).decode())
    except InvalidToken:
        raise Conflict("A secret was encrypted with another key (GRAPHMILL_SECRET_KEY).", code="secret") from None


@lru_cache(maxsize=1)
def _cipher() -> Any:
    from cryptography.fernet import Fernet

    said = settings().secret_key
    return Fernet(urlsafe_b64encode(sha256(said.encode()).digest()) if said else _stored_key())


def _stored_key() -> bytes:
    """The home's own key, made once; readable by its owner only."""
    from cryptography.fernet import Fernet

    path = settings().home / "secret.key"
    if not path.exists():
        file, part = mkstemp(dir=path.parent, prefix=path.name)
        with os.fdopen(file, "wb") as opened:
            opened.write(Fernet.generate_key())
        with suppress(FileExistsError):  # another process was first
            os.link(part, path)
        os.unlink(part)
    return path.read_bytes()
