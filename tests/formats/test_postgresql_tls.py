"""Lines to a real PostgreSQL that are encrypted, and certificates on both ends."""

import tempfile

import postgis
import pytest
from certificates import Signed
from pydantic import ValidationError
from sqlalchemy import make_url

from orchestrator.connections.postgresql import Postgresql
from orchestrator.errors import NodeError
from orchestrator.settings import settings

RULES = """\
hostssl all guest 127.0.0.1/32 cert
hostssl all all 127.0.0.1/32 trust
"""
HOW = "SELECT ssl, client_dn FROM pg_stat_ssl WHERE pid = pg_backend_pid()"


AUTHORITY, OTHER = Signed("authority"), Signed("another authority")
SERVER, GUEST, STRANGER = Signed("127.0.0.1", AUTHORITY), Signed("guest", AUTHORITY), Signed("guest", OTHER)


@pytest.fixture(scope="module")
def port():
    found = postgis.programs()
    if found is None:
        pytest.skip(postgis.SAYS)
    files = {
        "server.crt": SERVER.pem, "server.key": SERVER.private(), "root.crt": AUTHORITY.pem, "pg_hba.conf": RULES,
    }  # fmt: skip
    with postgis.server(found, files, "ssl=on", "ssl_ca_file=root.crt") as url:
        yield make_url(url).port


@pytest.fixture(autouse=True)
def own_files(monkeypatch, tmp_path):
    """Private addresses are allowed; what is written beside a line is seen."""
    monkeypatch.setenv("GRAPHMILL_ALLOW_PRIVATE_DATABASES", "true")
    (own := tmp_path / "own").mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(own))
    settings.cache_clear()
    yield own
    settings.cache_clear()


def to(port, **config):
    said = {"host": "127.0.0.1", "port": port, "database": "postgres", "user": "postgres", **config}
    return Postgresql.model_validate(said)


def shown(signed):
    return {"sslcert": signed.pem, "sslkey": signed.private()}


MODES = [
    ({}, None), ({"sslmode": "require"}, None),
    ({"sslmode": "verify-ca", "sslrootcert": AUTHORITY.pem}, None),
    ({"sslmode": "verify-full", "sslrootcert": OTHER.pem + AUTHORITY.pem}, None),
    ({"sslmode": "require", "user": "guest", **shown(GUEST)}, "/CN=guest"),
    ({"sslmode": "verify-full", "sslrootcert": AUTHORITY.pem, "user": "guest", **shown(GUEST)}, "/CN=guest"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "who"), MODES)
def test_a_line_is_encrypted_and_both_ends_may_be_known(port, context, own_files, config, who):
    made = to(port, **config)
    if config.get("user") == "guest":
        with to(port).session() as cursor:
            cursor.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    assert made.check().startswith("PostgreSQL ")
    assert made.rows(HOW, [], context).fetchall() == [(True, who)]
    assert list(own_files.iterdir()) == []


REFUSED = [
    ({"sslmode": "disable"}, "no pg_hba.conf entry"),
    ({"sslmode": "verify-ca"}, "`verify-ca` needs `sslrootcert`"),
    ({"sslmode": "verify-ca", "sslrootcert": OTHER.pem}, "The database does not answer: SSL error: certificate verify"),
    ({"sslmode": "verify-full"}, "certificate verify failed"),
    ({"sslmode": "verify-full", "sslrootcert": AUTHORITY.pem, "host": "localhost"}, "does not match host name"),
    ({"sslmode": "require", "user": "guest"}, "requires a valid client certificate"),
    ({"sslmode": "require", "user": "guest", **shown(STRANGER)}, "SSL"),
    ({"sslmode": "require", "user": "other", **shown(GUEST)}, 'role "other" does not exist'),
]  # fmt: skip


@pytest.mark.parametrize(("config", "said"), REFUSED)
def test_a_line_that_is_not_opened(port, context, own_files, config, said):
    for ask in (Postgresql.check, lambda made: made.rows(HOW, [], context)):
        with pytest.raises(NodeError) as caught:
            ask(to(port, **config))
        assert (caught.value.code, caught.value.path) == ("connection_failed", "/config/connection")
        assert said in caught.value.message
        assert str(own_files) not in caught.value.message
        assert list(own_files.iterdir()) == []


def test_only_this_user_reads_the_files(own_files):
    with to(1, sslrootcert=AUTHORITY.pem, **shown(GUEST)).dsn() as told:
        (folder,) = own_files.iterdir()
        assert {each.name: each.stat().st_mode & 0o777 for each in folder.iterdir()} == dict.fromkeys(
            ("sslrootcert", "sslcert", "sslkey"), 0o600
        )
        assert folder.stat().st_mode & 0o777 == 0o700
        assert f"sslkey={folder}/sslkey" in told


def test_the_files_of_the_servers_own_user_are_not_lent():
    with to(1).dsn() as told:
        assert "sslcert=/nonexistent/graphmill" in told
        assert "sslrootcert=/nonexistent/graphmill" in told


def test_whoever_sets_the_environment_names_files(port, own_files, context):
    for name, text in (("ca", AUTHORITY.pem), ("crt", GUEST.pem), ("key", GUEST.private())):
        (own_files / name).write_text(text)
        (own_files / name).chmod(0o600)
    with to(port).session() as cursor:
        cursor.execute("DROP ROLE IF EXISTS guest; CREATE ROLE guest LOGIN")
    said = f"sslmode=verify-full&sslrootcert={own_files}/ca&sslcert={own_files}/crt&sslkey={own_files}/key"
    made = Postgresql.from_url(f"postgresql://guest@127.0.0.1:{port}/postgres?{said}")
    assert made.rows(HOW, [], context).fetchall() == [(True, "/CN=guest")]


WRONG = [
    ({"sslrootcert": "/etc/hosts"}, "sslrootcert", "this is no certificate in PEM"),
    ({"sslrootcert": ""}, "sslrootcert", "this is no certificate in PEM"),
    ({"sslcert": GUEST.private(), "sslkey": GUEST.private()}, "sslcert", "this is no certificate in PEM"),
    ({"sslcert": GUEST.pem, "sslkey": GUEST.pem}, "sslkey", "this is no private key in PEM"),
    ({"sslcert": GUEST.pem, "sslkey": GUEST.private(b"abc")}, "sslkey", "this key needs a password"),
    ({"sslcert": GUEST.pem}, None, "go together"), ({"sslkey": GUEST.private()}, None, "go together"),
    ({"sslcert": GUEST.pem, "sslkey": SERVER.private()}, None, "is not the key of the first certificate"),
]  # fmt: skip


@pytest.mark.parametrize(("config", "place", "said"), WRONG)
def test_what_is_no_certificate_or_key(config, place, said):
    with pytest.raises(ValidationError) as caught:
        to(1, **config)
    (error,) = caught.value.errors()
    assert error["loc"] == ((place,) if place else ())
    assert said in error["msg"]
    assert "PRIVATE KEY" not in str(caught.value).replace("-----BEGIN PRIVATE KEY-----", "")
