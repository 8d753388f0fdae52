from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Act, Batch, BatchKind, Person, Role, Signature, SignedBatch
from mmrecon.people.keys import public_half
from mmrecon.people.signing import sign, verify
from tests.people.desk import flip

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
AT = "2026-11-24T06:00:00+00:00"
BATCH = Batch("postings-1", BatchKind.POSTINGS, [{"amount_minor": 5}, {"amount_minor": 6}], {})


def _person(key: Ed25519PrivateKey) -> Person:
    public = public_half(key)
    return Person("Asha Test", frozenset({Role.PREPARER}), public.fingerprint, public.text)


def _check(signature: Signature, batch: Batch = BATCH, person: Person | None = None) -> None:
    verify(signature, person or _person(KEY), SignedBatch(batch, batch.digest(), (signature,)))


def test_a_signature_is_pinned_so_that_old_ones_stay_good() -> None:
    signature = sign(KEY, BATCH, Act.APPROVE, [2], AT)
    assert signature.digest == BATCH.digest()
    assert signature.signature == (
        "zQPigKsPTmEIcABlzGOAv8UIzmQ09zclB5/QIVvriwclwyPuV01HvPlHlUyA0TPQGXX//UgwuRHX+WAKLiktAA=="
    )


def test_what_was_signed_holds() -> None:
    _check(sign(KEY, BATCH, Act.PREPARE, (), AT))
    _check(sign(KEY, BATCH, Act.APPROVE, [2, 1, 2], AT))


def test_rejected_rows_are_part_of_what_is_signed() -> None:
    signature = sign(KEY, BATCH, Act.APPROVE, [2], AT)
    with pytest.raises(SafetyRefusal, match="postings-1.*not genuine"):
        _check(replace(signature, rejected_rows=()))


def test_nothing_of_a_signature_can_be_changed() -> None:
    signature = sign(KEY, BATCH, Act.APPROVE, (), AT)
    for changed in (
        replace(signature, act=Act.SECOND),
        replace(signature, signed_at_utc="2026-11-23T06:00:00+00:00"),
        replace(signature, signature="not base64!"),
        replace(signature, signature=""),
        replace(signature, fingerprint="0" * 64),
    ):
        with pytest.raises(SafetyRefusal) as refusal:
            _check(changed)
        assert refusal.value.code == "signature_forged"


def test_a_flipped_bit_is_seen() -> None:
    signature = sign(KEY, BATCH, Act.APPROVE, (), AT)
    with pytest.raises(SafetyRefusal, match="not genuine"):
        _check(replace(signature, signature=flip(signature.signature)))


def test_a_signature_is_good_for_its_batch_only() -> None:
    signature = sign(KEY, BATCH, Act.APPROVE, (), AT)
    other = replace(BATCH, rows=[{"amount_minor": 5}, {"amount_minor": 7}])
    with pytest.raises(SafetyRefusal, match="other rows"):
        _check(signature, other)
    with pytest.raises(SafetyRefusal, match="other rows"):
        _check(signature, replace(BATCH, batch_id="postings-2"))


def test_another_persons_signature_is_not_mine() -> None:
    theirs = Ed25519PrivateKey.generate()
    with pytest.raises(SafetyRefusal):
        _check(sign(theirs, BATCH, Act.APPROVE, (), AT))
    mine_with_their_key = replace(_person(KEY), public_key=public_half(theirs).text)
    with pytest.raises(SafetyRefusal):
        _check(sign(theirs, BATCH, Act.APPROVE, (), AT), person=mine_with_their_key)
