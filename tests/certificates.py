"""Certificates of the tests' own."""

import datetime as dt
from ipaddress import ip_address

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import BestAvailableEncryption, Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID


class Signed:
    """A certificate and its key; without a signer, it has signed itself and may sign others."""

    def __init__(self, name: str, signer: "Signed | None" = None) -> None:
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        now, by = dt.datetime.now(dt.UTC), signer or self
        made = (
            x509.CertificateBuilder().subject_name(self.name).issuer_name(by.name).public_key(self.key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=1))
            .add_extension(x509.BasicConstraints(ca=signer is None, path_length=None), critical=True)
        )  # fmt: skip
        if name[0].isdigit():
            made = made.add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address(name))]), critical=False)
        self.pem = made.sign(by.key, hashes.SHA256()).public_bytes(Encoding.PEM).decode()

    def private(self, password: bytes | None = None) -> str:
        """The key as PEM text."""
        how = BestAvailableEncryption(password) if password else NoEncryption()
        return self.key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, how).decode()
