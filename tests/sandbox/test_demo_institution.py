from __future__ import annotations

from collections import Counter
from datetime import date, timedelta

import pytest

from mmrecon.sandbox.demo_institution import Institution, build_institution

DAY = date(2026, 3, 2)


@pytest.fixture(scope="module")
def institution() -> Institution:
    return build_institution(DAY)


def test_there_are_four_hundred_clients_in_three_offices(institution: Institution) -> None:
    assert Counter(client.office for client in institution.clients) == {
        "Nairobi Branch": 180,
        "Kisumu Branch": 120,
        "Kampala Branch": 100,
    }


def test_accounts_by_product_and_status(institution: Institution) -> None:
    savings = [account for client in institution.clients for account in client.savings]
    assert Counter(account.product for account in savings) == {"SA": 300, "SH": 60, "US": 100}
    assert Counter(account.status for account in savings) == {
        "active": 446,
        "closed": 8,
        "blocked": 6,
    }
    loans = [loan for client in institution.clients for loan in client.loans]
    assert Counter((loan.product, loan.disbursed_on is None) for loan in loans) == {
        ("NL", False): 146,
        ("UL", False): 40,
        ("NL", True): 14,
    }


def test_no_number_names_two_things(institution: Institution) -> None:
    numbers = [
        number.lstrip("0")
        for client in institution.clients
        for number in (
            client.number,
            client.external_id,
            *filter(None, [client.national_id]),
            *(account.account_no for account in client.savings),
            *(name for loan in client.loans for name in (loan.account_no, loan.external_id)),
        )
    ]
    assert len(set(numbers)) == len(numbers)


def test_one_couple_shares_a_telephone_and_all_others_have_their_own(
    institution: Institution,
) -> None:
    counted = Counter(client.phone for client in institution.clients)
    assert Counter(counted.values()) == {1: 398, 2: 1}
    mobiles = [client.mobile_no for client in institution.clients]
    assert len(set(mobiles)) == 400


def test_no_two_clients_have_the_same_name(institution: Institution) -> None:
    assert len({client.name for client in institution.clients}) == 400


@pytest.mark.parametrize("start", [DAY, date(2028, 2, 29), date(2026, 12, 31)])
def test_what_is_due_does_not_change_in_the_week_after_the_day(start: date) -> None:
    loans = [loan for client in build_institution(start).clients for loan in client.loans]
    for loan in loans:
        dues = {loan.due_minor(start + timedelta(days=days)) for days in range(-2, 8)}
        assert len(dues) == 1
    assert sum(loan.due_minor(start) > 0 for loan in loans) > 60
    assert sum(loan.due_minor(start) == 0 for loan in loans) > 40
