from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from mmrecon.errors import SafetyRefusal
from mmrecon.model.approval import Role
from mmrecon.model.enrolment import Invitation
from mmrecon.people.invitations import check_code, invite

NOW = datetime(2026, 11, 24, 6, 0, tzinfo=UTC)


def _invite(days: int = 7) -> tuple[Invitation, str]:
    return invite("Caro Test", [Role.AUDITOR], founder=False, now_utc=NOW, days=days, by="mmrecon")


def test_a_code_is_good_also_when_it_is_typed_carelessly() -> None:
    invitation, code = _invite()
    for typed in (code, code.lower(), code.replace("-", ""), f"  {code.replace('-', ' ')}\n"):
        assert check_code(invitation, typed, NOW) is invitation


def test_only_a_salted_hash_of_the_code_is_kept() -> None:
    invitation, code = _invite()
    assert code.replace("-", "") not in str(invitation).replace("-", "")
    assert len({_invite()[0].code_salt, invitation.code_salt}) == 2


def test_no_two_codes_are_the_same() -> None:
    assert len({_invite()[1] for _ in range(200)}) == 200


def test_a_code_expires() -> None:
    invitation, code = _invite(days=2)
    last_moment = NOW + timedelta(days=2, seconds=-1)
    assert check_code(invitation, code, last_moment) is invitation
    with pytest.raises(SafetyRefusal) as refusal:
        check_code(invitation, code, NOW + timedelta(days=2))
    assert refusal.value.code == "code_expired"


def test_a_wrong_a_used_and_no_code_are_refused_each_with_its_reason() -> None:
    invitation, code = _invite()
    _, other = _invite()
    reasons = []
    for given, typed in (
        (invitation, other),
        (invitation, ""),
        (replace(invitation, used_at_utc="2026-11-24T05:00:00+00:00"), code),
        (None, code),
    ):
        with pytest.raises(SafetyRefusal) as refusal:
            check_code(given, typed, NOW)
        reasons.append(refusal.value.code)
        assert code not in str(refusal.value)
    assert reasons == ["code_wrong", "code_wrong", "code_used", "not_invited"]
