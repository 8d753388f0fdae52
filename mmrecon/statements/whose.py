"""Whose statement it is: the shortcode inside decides, else folder, `--wallet` or file name."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from mmrecon.config import WalletSettings
from mmrecon.model.money import CURRENCY_DIGITS
from mmrecon.statements.facts import HeaderFacts
from mmrecon.statements.layout import ANY_PROVIDER, Layout
from mmrecon.statements.refusal import NotReadableError


@dataclass(frozen=True, slots=True)
class Owner:
    """The wallet's account as found; `wallet` is None where no configuration was given.

    `evidence` is `inside`, `name` or `given`.
    """

    account: str
    wallet: WalletSettings | None
    evidence: str


def owner(
    inside: Sequence[HeaderFacts],
    named: HeaderFacts,
    layout: Layout,
    wallets: Sequence[WalletSettings],
    wallet_name: str,
) -> Owner:
    """The one wallet a file belongs to.

    `inside` are the facts of each section, `wallet_name` the folder's or `--wallet`'s wallet.

    Raises:
        NotReadableError: it is another wallet's, of two wallets, of an unknown one, or nobody's.
    """
    accounts = {facts.texts["account"] for facts in inside if facts.texts.get("account")}
    if len(accounts) > 1:
        raise NotReadableError("two_wallets", accounts=", ".join(sorted(accounts)))
    printed = next(iter(accounts), "")
    hinted = named.texts.get("account", "")
    given = next((wallet for wallet in wallets if wallet.name == wallet_name), None)
    if layout.provider == ANY_PROVIDER:
        return _of_any_provider(printed or hinted, layout, wallets, given)
    if printed:
        return _printed(printed, layout, wallets, given)
    if given is not None:
        return _given(given, hinted, layout)
    known = _wallet_of(layout.provider, hinted, wallets)
    if wallets and known is None:
        raise NotReadableError("wallet_unknown", layout=layout.name)
    return Owner(hinted, known, "name")


def _of_any_provider(
    account: str, layout: Layout, wallets: Sequence[WalletSettings], given: WalletSettings | None
) -> Owner:
    """A layout that names no provider says no wallet either: somebody must."""
    if wallets and given is None:
        raise NotReadableError("wallet_unknown", layout=layout.name)
    if given is not None and account and account != given.account:
        raise NotReadableError("wrong_wallet", account=account, expected=given.name)
    return Owner(account if given is None else given.account, given, "given")


def _printed(
    account: str, layout: Layout, wallets: Sequence[WalletSettings], given: WalletSettings | None
) -> Owner:
    found = _wallet_of(layout.provider, account, wallets)
    if given is not None and found is not given:
        raise NotReadableError("wrong_wallet", account=account, expected=given.name)
    if wallets and found is None:
        raise NotReadableError("wallet_not_configured", provider=layout.provider, account=account)
    return Owner(account, found, "inside")


def _given(given: WalletSettings, hinted: str, layout: Layout) -> Owner:
    if given.provider != layout.provider:
        raise NotReadableError("wrong_provider", provider=layout.provider, expected=given.name)
    if hinted and hinted != given.account:
        raise NotReadableError("wrong_wallet", account=hinted, expected=given.name)
    return Owner(given.account, given, "name" if hinted else "given")


def _wallet_of(
    provider: str, account: str, wallets: Sequence[WalletSettings]
) -> WalletSettings | None:
    for wallet in wallets:
        if (wallet.provider, wallet.account) == (provider, account):
            return wallet
    return None


def currency_of(
    printed: Sequence[str], layout: Layout, wallet: WalletSettings | None
) -> tuple[str, bool]:
    """The one currency of a file, and whether it was taken from the configuration.

    Raises:
        NotReadableError: it is unknown, there are two, or it is not the wallet's.
    """
    words = {word.strip().upper() for word in printed if word.strip()}
    found = {layout.currency_words.get(word, word) for word in words}
    if len(found) > 1:
        raise NotReadableError("two_currencies", currencies=", ".join(sorted(found)))
    stated = next(iter(found), "") or layout.currency
    expected = "" if wallet is None else wallet.currency
    if not stated and not expected:
        raise NotReadableError("currency_missing", layout=layout.name)
    if stated and stated not in CURRENCY_DIGITS:
        raise NotReadableError("currency_unknown", currency=stated[:10])
    if stated and expected and stated != expected:
        raise NotReadableError("wrong_currency", currency=stated, expected=expected)
    return stated or expected, not stated


def zone_of(layout: Layout, wallet: WalletSettings | None, currency: str) -> str:
    """The zone that a file's times are in.

    Raises:
        NotReadableError: neither the layout nor the configuration says.
    """
    zone = layout.zone or (wallet.zone if wallet else layout.zone_by_currency.get(currency, ""))
    if not zone:
        raise NotReadableError("zone_missing", layout=layout.name)
    return zone
