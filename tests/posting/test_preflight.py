"""The start-up check against a real answer of the sandbox."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from mmrecon.config import Institution, PaymentType, Settings, WalletSettings
from mmrecon.errors import OutsideUnreachable
from mmrecon.fineract.contract_requests import READ_PERMISSIONS
from mmrecon.model.posting import Command
from mmrecon.posting.preflight import Fingerprint, Preflight, compare_server, run_preflight
from mmrecon.posting.site_checks import compare_zones
from tests.posting.branch import FORMS, Branch, today

NOW = datetime.now(UTC)


def site(branch: Branch, payment_type: PaymentType | None = None) -> Settings:
    kind = payment_type or PaymentType(id=branch.payment_type_id, name="M-PESA 600100")
    wallet = WalletSettings(
        name="pay", provider="mpesa_ke", account="600100", currency="KES", zone="Africa/Nairobi",
        country="KE", live_from=date(2026, 1, 1), payment_type=kind,
    )  # fmt: skip
    return Settings(
        institution=Institution(name="Example Sacco"), fineract=branch.server, wallets=(wallet,)
    )


def differing(found: Preflight) -> list[str]:
    return [finding.check for finding in found.differences()]


def test_a_site_that_is_right_differs_in_nothing(branch: Branch) -> None:
    found = run_preflight(branch.client, site(branch), NOW)
    assert differing(found) == []
    assert found.business_date == today()
    assert found.loose == frozenset()
    assert (found.fingerprint.office_name, found.fingerprint.office_opened_on) == (
        "Head Office", "2009-01-01",
    )  # fmt: skip


@pytest.mark.parametrize("wrong", [PaymentType(id=999, name="M-PESA 600100"), None])
def test_a_payment_type_is_known_by_id_and_name_together(
    branch: Branch, wrong: PaymentType | None
) -> None:
    kind = wrong or PaymentType(id=branch.payment_type_id, name="Cash")
    assert differing(run_preflight(branch.client, site(branch, kind), NOW)) == [
        "payment type of pay"
    ]


def test_a_wallet_that_is_not_touched_stops_no_other(branch: Branch) -> None:
    wrong = site(branch, PaymentType(id=branch.payment_type_id, name="Cash"))
    assert run_preflight(branch.client, wrong, NOW, wallets=[]).differences() == []


def test_missing_permissions_are_named(branch: Branch) -> None:
    reader = branch.clerk(*READ_PERMISSIONS, "DEPOSIT_SAVINGSACCOUNT")
    found = run_preflight(reader, site(branch), NOW, [Command.LOAN_REPAYMENT])
    (difference,) = found.differences()
    assert difference.seen == "missing: REPAYMENT_LOAN"
    assert run_preflight(reader, site(branch), NOW, [Command.SAVINGS_DEPOSIT]).differences() == []


def test_permissions_to_take_back_are_asked_for_when_something_is_taken_back(
    branch: Branch,
) -> None:
    poster = branch.clerk(*READ_PERMISSIONS, "DEPOSIT_SAVINGSACCOUNT")
    deposits = [Command.SAVINGS_DEPOSIT]
    assert differing(run_preflight(poster, site(branch), NOW, deposits)) == []
    found = run_preflight(poster, site(branch), NOW, deposits, undone=deposits)
    (difference,) = found.differences()
    assert difference.seen == "missing: UNDOTRANSACTION_SAVINGSACCOUNT"


def test_gl_accounts_of_the_configuration_must_be_there(branch: Branch) -> None:
    settings = site(branch)
    (wallet,) = settings.wallets
    there, gone = (wallet.model_copy(update={"gl_account_ids": (number,)})
                   for number in (branch.gl_wallet, 999_999))  # fmt: skip
    assert differing(run_preflight(branch.client, settings, NOW, wallets=[there])) == []
    (difference,) = run_preflight(branch.client, settings, NOW, wallets=[gone]).differences()
    assert (difference.check, difference.seen) == ("GL account 999999 of pay", "not there")
    assert "gl_account_ids" in difference.remedy
    clerk = branch.clerk(*READ_PERMISSIONS)
    told = run_preflight(clerk, settings, NOW, [], wallets=[gone])
    assert "READ_GLACCOUNT" in "".join(finding.remedy for finding in told.findings)


def test_days_that_may_not_be_read_are_named_by_their_permission(branch: Branch) -> None:
    assert run_preflight(branch.client, site(branch), NOW).unread_days == ()
    clerk = branch.clerk(*READ_PERMISSIONS, "READ_HOLIDAY")
    assert run_preflight(clerk, site(branch), NOW, []).unread_days == (
        "READ_GLCLOSURE", "READ_WORKINGDAYS",
    )  # fmt: skip


def test_a_tenant_that_is_behind_the_wallets_zone_is_told(branch: Branch) -> None:
    wallets = site(branch).wallets
    (ahead,) = compare_zones("Asia/Kolkata", wallets, NOW)
    assert ahead.holds
    (behind,) = compare_zones("Africa/Lagos", wallets, NOW)
    assert (behind.holds, behind.check) == (False, "zone of pay")
    assert "2:00:00 later" in behind.seen
    assert "fineract.zone" in behind.remedy


def test_a_user_who_may_not_even_read_ends_the_run(branch: Branch) -> None:
    with pytest.raises(OutsideUnreachable):
        run_preflight(branch.clerk("DEPOSIT_SAVINGSACCOUNT"), site(branch), NOW)


def test_commands_that_need_a_checker_are_found(branch: Branch) -> None:
    flag = {"permissions": {"REPAYMENT_LOAN": True}}
    branch.call("PUT", "permissions", flag)
    try:
        assert run_preflight(branch.client, site(branch), NOW).loose == frozenset()
        branch.switch("maker-checker", enabled=True)
        found = run_preflight(branch.client, site(branch), NOW)
        assert found.loose == {Command.LOAN_REPAYMENT}
    finally:
        branch.switch("maker-checker", enabled=False)
        branch.call("PUT", "permissions", {"permissions": {"REPAYMENT_LOAN": False}})


def test_the_business_date_counts_only_while_it_is_switched_on(branch: Branch) -> None:
    earlier = today() - timedelta(days=3)
    branch.switch("enable_business_date", enabled=True)
    try:
        body = {"type": "BUSINESS_DATE", "date": earlier.isoformat(), **FORMS}
        branch.call("POST", "businessdate", body)
        assert run_preflight(branch.client, site(branch), NOW).business_date == earlier
    finally:
        branch.switch("enable_business_date", enabled=False)
    assert run_preflight(branch.client, site(branch), NOW).business_date == today()


def test_another_server_is_told_apart_by_url_office_and_opening_date() -> None:
    found = Fingerprint("https://a/", "Head Office", "2009-01-01")
    same = Fingerprint("https://a", "Head Office", "2009-01-01")
    without_office = Fingerprint("https://a", "", "")
    assert compare_server(found, [same, without_office]) == []
    for other in (
        Fingerprint("https://b", "Head Office", "2009-01-01"),
        Fingerprint("https://a", "Test Office", "2009-01-01"),
        Fingerprint("https://a", "Head Office", "2020-01-01"),
    ):
        assert len(compare_server(found, [other, other])) == 1
