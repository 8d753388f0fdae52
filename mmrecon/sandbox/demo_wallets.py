"""The demo's three wallets, as its configuration must name them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final


@dataclass(frozen=True, slots=True)
class DemoWallet:
    """One wallet; `products` are the short names of Fineract's products its money goes to."""

    name: str
    provider: str
    account: str
    sub_account: str
    currency: str
    zone: str
    country: str
    payment_type: str
    products: tuple[str, ...]
    savings_product: str


PAYBILL: Final = DemoWallet(
    "paybill", "mpesa", "600101", "Utility Account", "KES", "Africa/Nairobi", "KE",
    "M-PESA paybill 600101", ("SA", "SH", "NL"), "SA",
)  # fmt: skip
PAYOUTS: Final = DemoWallet(
    "payouts", "mpesa", "600102", "", "KES", "Africa/Nairobi", "KE",
    "M-PESA payouts 600102", ("SA", "NL"), "SA",
)  # fmt: skip
MTN: Final = DemoWallet(
    "mtn-uganda", "mtn", "76000101", "", "UGX", "Africa/Kampala", "UG",
    "MTN MoMo Uganda 76000101", ("US", "UL"), "US",
)  # fmt: skip
WALLETS: Final = (PAYBILL, PAYOUTS, MTN)
SAVINGS_PRODUCTS: Final = (
    ("SA", "Ordinary savings", "KES", 2),
    ("SH", "Share savings", "KES", 2),
    ("US", "Ordinary savings Uganda", "UGX", 0),
)
LOAN_PRODUCTS: Final = (
    ("NL", "Nyota loan", "KES", 2, 20_000_00),
    ("UL", "Nyota loan Uganda", "UGX", 0, 500_000),
)
