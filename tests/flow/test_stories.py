from __future__ import annotations

from tests.flow.oracles import check_money
from tests.flow.site import Site
from tests.flow.world import AMINA, paid, receipt, savings_of


def test_a_deposit_goes_into_savings(site: Site) -> None:
    site.deliver(paid(1, AMINA, savings_of(AMINA), 1_500_00))
    site.whole_day()
    check_money(site)
