"""Signing a batch, and checking who signed it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Iterable

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, Batch, Person, Signature, SignedBatch, signed_text
from mmrecon.people.keys import fingerprint_of, load_public, public_half


def sign(
    private_key: Ed25519PrivateKey,
    batch: Batch,
    act: Act,
    rejected_rows: Iterable[int],
    at_utc: str,
) -> Signature:
    """Sign an act on a batch, with the numbers of the rows that are rejected."""
    rejected = tuple(sorted(set(rejected_rows)))
    digest = batch.digest()
    text = signed_text(batch.batch_id, digest, act, rejected, at_utc)
    return Signature(
        batch_id=batch.batch_id,
        digest=digest,
        act=act,
        rejected_rows=rejected,
        fingerprint=public_half(private_key).fingerprint,
        signed_at_utc=at_utc,
        signature=base64.b64encode(private_key.sign(text.encode())).decode(),
    )


def verify(signature: Signature, person: Person, signed: SignedBatch) -> None:
    """Check that this person signed exactly this batch.

    Raises:
        SafetyRefusal: it is another person's, another batch's, or a forged signature.
    """
    if (signature.batch_id, signature.digest) != (signed.batch.batch_id, signed.digest):
        raise _forged(signature, "is over other rows than the store holds")
    try:
        genuine = fingerprint_of(person.public_key) == person.fingerprint == signature.fingerprint
        raw = base64.b64decode(signature.signature, validate=True)
        load_public(person.public_key).verify(raw, signature.signed_text().encode())
    except (InvalidSignature, binascii.Error, ValueError) as error:
        raise _forged(signature, "is not genuine") from error
    if not genuine:
        raise _forged(signature, "is another key's")


def _forged(signature: Signature, what: str) -> SafetyRefusal:
    return SafetyRefusal(
        f"batch {signature.batch_id}: the signature for {signature.act.value!r} {what}",
        hint="Somebody changed the database. Post nothing; compare with the last backup.",
        code="signature_forged",
    )
