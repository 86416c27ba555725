"""The certificates of an encrypted line to PostgreSQL: pasted as PEM text, in files while a line is opened."""

import os
import ssl
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

from pydantic import AfterValidator, Field, SecretStr

from orchestrator.errors import NodeError
from orchestrator.secrets import MASK

LONGEST = 500_000
NO_FILE = "/nonexistent/graphmill"  # the files of the server's own user are none of a connection's business
NAMES = ("sslrootcert", "sslcert", "sslkey")  # as libpq calls them


def _certificates(text: str) -> str:
    from cryptography import x509

    try:
        x509.load_pem_x509_certificates(text.encode())
    except ValueError:
        raise ValueError("this is no certificate in PEM, which begins with -----BEGIN CERTIFICATE-----") from None
    return text


def _private_key(secret: SecretStr) -> SecretStr:
    from cryptography.exceptions import UnsupportedAlgorithm
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if secret.get_secret_value() == MASK:
        return secret
    try:
        load_pem_private_key(secret.get_secret_value().encode(), None)
    except TypeError:
        raise ValueError("this key needs a password: give it without one, as `openssl pkey` writes it") from None
    except (ValueError, UnsupportedAlgorithm):
        raise ValueError("this is no private key in PEM, which begins with -----BEGIN PRIVATE KEY-----") from None
    return secret


Certificates = Annotated[str, Field(max_length=LONGEST), AfterValidator(_certificates)]
PrivateKey = Annotated[SecretStr, Field(max_length=LONGEST), AfterValidator(_private_key)]


def refuse_half(certificate: str | None, key: SecretStr | None) -> None:
    """A certificate and its key are given together; a key that is masked may be the right one.

    Raises:
        ValueError: one is missing, or the key is another's.
    """
    from cryptography import x509
    from cryptography.hazmat.primitives.serialization import load_pem_private_key

    if certificate is None and key is None:
        return
    if certificate is None or key is None:
        raise ValueError("`sslcert` and `sslkey` go together: a certificate and its private key")
    if key.get_secret_value() != MASK:
        own = load_pem_private_key(key.get_secret_value().encode(), None).public_key()
        if x509.load_pem_x509_certificates(certificate.encode())[0].public_key() != own:
            raise ValueError("`sslkey` is not the key of the first certificate in `sslcert`")


@contextmanager
def in_files(sslmode: str, texts: Mapping[str, str | None]) -> Iterator[dict[str, str]]:
    """What libpq is told of certificates, by its own names: files that only this user reads, gone at the end.

    Without `sslrootcert`, `verify-full` trusts those whom this system trusts.

    Raises:
        NodeError: `connection_failed`, `verify-ca` without `sslrootcert`: anybody can have a certificate of some sort.
    """
    if sslmode == "verify-ca" and not texts.get("sslrootcert"):
        message = "`verify-ca` needs `sslrootcert`: the certificates of those who may have signed the server's."
        raise NodeError(message, code="connection_failed", path="/config/connection")
    told = dict.fromkeys(("sslrootcert", "sslcert"), NO_FILE)
    if sslmode == "verify-full":
        told["sslrootcert"] = ssl.get_default_verify_paths().cafile or "system"
    with TemporaryDirectory(prefix="graphmill-") as folder:
        yield told | {name: _written(Path(folder, name), text) for name, text in texts.items() if text}


def _written(path: Path, text: str) -> str:
    with open(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600), "w") as file:
        file.write(text)
    return str(path)
