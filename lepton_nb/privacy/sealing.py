"""Records at rest that only some may read: sealed with AES-GCM, one key a record, wrapped for each role that may open it.

What is written to the store is ciphertext, and beside it the record's key, once for each role, wrapped by that role's own
key (RFC 3394). So whoever holds the store reads nothing; a role without a wrapped key reads nothing; a byte that was
changed, and a record put under another's name, are refused. The cryptography is that of the library ``cryptography``. Keys of
roles are held by whoever holds them: a keeper of keys (KMS, vault) in use, a variable in a chapter.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Iterable, Mapping
from typing import Any

__all__ = ["NotAllowed", "SealedStore", "Spoilt", "new_key", "readable", "with_a_byte_changed"]

NAME = "sealed-1"


class NotAllowed(PermissionError):
    """A role may not open a record: one sentence."""


class Spoilt(ValueError):
    """A record is not as it was written: one sentence."""


def new_key() -> bytes:
    """A key of 256 bits from the system's source of randomness."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM

    return AESGCM.generate_key(256)


def _text(part: bytes) -> str:
    return base64.b64encode(part).decode()


class SealedStore:
    """Sealed records below an address that fsspec knows, as the state of chapters is: a folder, ``s3://…``, ``memory://…``."""

    def __init__(self, address: str):
        import fsspec

        self.system, self.root = fsspec.core.url_to_fs(address)

    def write(self, name: str, content: bytes, keys: Mapping[str, bytes]) -> None:
        """Seal a record for these roles. keys: role → its key. Raises ValueError for a record that nobody could read."""
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        if not keys:
            raise ValueError(f"{name}: is sealed for no role, so nobody could read it. Name one role or more.")
        record_key, nonce = new_key(), os.urandom(12)
        sealed = AESGCM(record_key).encrypt(nonce, content, self._bound(name))
        wrapped = {role: _text(_wrap(key, record_key)) for role, key in keys.items()}
        self._put(name, {"nonce": _text(nonce), "sealed": _text(sealed), "keys": wrapped})

    def read(self, name: str, role: str, key: bytes) -> bytes:
        """What a role reads. Raises NotAllowed without a key for it, Spoilt where a byte or the name is another."""
        from cryptography.exceptions import InvalidTag
        from cryptography.hazmat.primitives.ciphers.aead import AESGCM

        held = self._held(name)
        record_key = self._record_key(name, held, role, key)
        try:
            nonce, sealed = (base64.b64decode(held[part], validate=True) for part in ("nonce", "sealed"))
            return AESGCM(record_key).decrypt(nonce, sealed, self._bound(name))
        except (InvalidTag, ValueError):
            raise Spoilt(
                f"{name}: is not as it was written; it is refused. Restore it from its last good copy."
            ) from None

    def roles(self, name: str) -> list[str]:
        """The roles that may open a record."""
        return sorted(self._held(name)["keys"])

    def allow(self, name: str, role: str, key: bytes, by: str, by_key: bytes) -> None:
        """Let another role read, by one that may; a role that may already gets its new key in place of the old one."""
        held = self._held(name)
        held["keys"][role] = _text(_wrap(key, self._record_key(name, held, by, by_key)))
        self._put(name, held)

    def withdraw(self, name: str, role: str, keys: Mapping[str, bytes], by: str) -> None:
        """Take a role's right away: the record is sealed anew with another key for the roles left. keys: theirs.

        Whoever has read a record once may have kept a copy: nothing takes that back. Raises ValueError where a role that
        stays has no key here.
        """
        stay = [one for one in self.roles(name) if one != role]
        if missing := [one for one in stay if one not in keys]:
            raise ValueError(f"{name}: the key of {', '.join(missing)} is missing; without it that role would lose its right.")  # fmt: skip
        self.write(name, self.read(name, by, keys[by]), {one: keys[one] for one in stay})

    def raw(self, name: str) -> bytes:
        """What lies in the store: what somebody sees who has a copy of it and no key."""
        return self.system.cat_file(self.path(name))

    def _record_key(self, name: str, held: Mapping[str, Any], role: str, key: bytes) -> bytes:
        from cryptography.hazmat.primitives import keywrap

        if role not in held["keys"]:
            raise NotAllowed(f"{name}: the role {role} may not read it. Ask one of: {', '.join(sorted(held['keys']))}.")
        try:
            return keywrap.aes_key_unwrap(key, base64.b64decode(held["keys"][role], validate=True))
        except (keywrap.InvalidUnwrap, ValueError):
            raise NotAllowed(f"{name}: this is not the key of the role {role}, or its entry was changed.") from None

    def _held(self, name: str) -> dict[str, Any]:
        try:
            held = json.loads(self.raw(name))
            if held.get("form") != NAME or not isinstance(held["keys"], dict):
                raise KeyError("form")
        except (ValueError, KeyError, TypeError, AttributeError):
            raise Spoilt(f"{name}: is no sealed record. Restore it from its last good copy.") from None
        return held

    def _put(self, name: str, held: Mapping[str, Any]) -> None:
        path = self.path(name)
        self.system.makedirs(path.rpartition("/")[0], exist_ok=True)
        self.system.pipe_file(path, json.dumps({"form": NAME, **held}, indent=1, sort_keys=True).encode())

    def path(self, name: str) -> str:
        """Where a record lies in the store. Raises ValueError for a name that leads out of it."""
        if not name or any(part in ("", ".", "..") for part in name.split("/")):
            raise ValueError(
                f"a record's name has parts between slashes, none of them empty or dots. Received: {name!r}"
            )
        return f"{self.root}/{name}.sealed"

    def _bound(self, name: str) -> bytes:
        """What the seal is bound to beside the content: the form and the name, so that no record stands for another."""
        return f"{NAME}:{name}".encode()


def _wrap(key: bytes, record_key: bytes) -> bytes:
    from cryptography.hazmat.primitives import keywrap

    return keywrap.aes_key_wrap(key, record_key)


def readable(store: SealedStore, names: Iterable[str], keys: Mapping[str, bytes]) -> list[dict[str, Any]]:
    """Who may read what, found out by trying: a line a record, a column a role, True where it is opened."""
    lines = []
    for name in names:
        line: dict[str, Any] = {"record": name}
        for role, key in keys.items():
            try:
                store.read(name, role, key)
                line[role] = True
            except NotAllowed:
                line[role] = False
        lines.append(line)
    return lines


def with_a_byte_changed(raw: bytes) -> bytes:
    """A record as it lies in the store, with one byte of what is sealed changed: what a fault or a hand does to a disk."""
    held = json.loads(raw)
    sealed = bytearray(base64.b64decode(held["sealed"]))
    sealed[len(sealed) // 2] ^= 1
    return json.dumps(held | {"sealed": _text(bytes(sealed))}).encode()
