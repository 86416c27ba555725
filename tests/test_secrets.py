"""Secrets are encrypted where they are stored, and shown to nobody."""

import json
import os
import stat
from concurrent.futures import ThreadPoolExecutor

import pytest

from orchestrator import secrets
from orchestrator.errors import Conflict
from orchestrator.secrets import MASK, hidden, is_sealed, mask, reveal, seal
from orchestrator.settings import settings


@pytest.fixture(autouse=True)
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("GRAPHMILL_HOME", str(tmp_path))
    monkeypatch.delenv("GRAPHMILL_SECRET_KEY", raising=False)
    forget()
    yield tmp_path
    forget()


def forget():
    settings.cache_clear()
    secrets._cipher.cache_clear()


@pytest.mark.parametrize("secret", ["s3cret", "", "é ü 日本", "x" * 10_000, "sealed:x"])
def test_there_and_back(secret):
    sealed = seal(secret)
    assert is_sealed(sealed)
    assert secret == "" or secret not in sealed
    assert seal(secret) != sealed
    assert reveal({"key": sealed, "n": 1, "t": "plain", "none": None}) == {
        "key": secret, "n": 1, "t": "plain", "none": None,
    }  # fmt: skip


def test_masked():
    assert mask({"key": seal("s3cret"), "n": 1, "t": "plain"}) == {"key": MASK, "n": 1, "t": "plain"}


SHOWN = [
    ("s3cret", "no user s3cret at s3cret.example", "no user *** at ***.example"),
    ("it's", "WHERE key = 'it''s'", "WHERE key = '***'"),
    ("a'b\"c", repr({"key": "a'b\"c"}), "{'key': '***'}"),
    ('a"b\\c', json.dumps({"key": 'a"b\\c'}), '{"key": "***"}'),
    ("é/ü", json.dumps({"key": "é/ü"}), '{"key": "***"}'),
    ("a b/c&d", "https://example.org/?key=a%20b%2Fc%26d", "https://example.org/?key=***"),
    ("a b/c&d", "https://example.org/?key=a+b%2Fc%26d", "https://example.org/?key=***"),
    ("user:pass", "Authorization: Basic dXNlcjpwYXNz", "Authorization: Basic ***"),
    ("BEGIN KEY\nMIIEvQIBADAN\nEND KEY", "LINE 2: MIIEvQIBADAN", "LINE 2: ***"),
    ("BEGIN KEY\nMIIEvQIBADAN\nEND KEY", repr("BEGIN KEY\nMIIEvQIBADAN\nEND KEY"), "'***'"),
    ("\ud800", "\ud800!", "***!"),
    ("S3cret", "s3cret.example.org answered 404.", "***.example.org answered 404."),
    ("a/b", "https://example.org/?key=a%2fb", "https://example.org/?key=***"),
]


@pytest.mark.parametrize(("secret", "text", "shown"), SHOWN)
def test_however_a_message_writes_it(secret, text, shown):
    assert hidden(text, [secret]) == shown


def test_the_home_has_a_key_of_its_own_for_its_owner_only(home):
    sealed = seal("x")
    assert stat.S_IMODE(os.stat(home / "secret.key").st_mode) == 0o600
    forget()
    assert reveal({"key": sealed}) == {"key": "x"}


def test_processes_that_start_at_once_agree_on_a_key(home):
    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(lambda _: secrets._stored_key(), range(8)))
    assert made == {(home / "secret.key").read_bytes()}
    assert [each.name for each in home.glob("secret*")] == ["secret.key"]


def test_a_key_of_the_settings(monkeypatch, home):
    monkeypatch.setenv("GRAPHMILL_SECRET_KEY", "any words")
    forget()
    sealed = seal("x")
    assert not (home / "secret.key").exists()
    forget()
    assert reveal({"key": sealed}) == {"key": "x"}


@pytest.mark.parametrize("sealed", ["sealed:nonsense", "sealed:", None])
def test_another_key(monkeypatch, sealed):
    sealed = sealed or seal("s3cret")
    monkeypatch.setenv("GRAPHMILL_SECRET_KEY", "another")
    forget()
    with pytest.raises(Conflict, match="another key") as caught:
        reveal({"key": sealed})
    assert "s3cret" not in caught.value.message
