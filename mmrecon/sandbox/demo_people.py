"""Names of people who do not exist, and phone numbers no operator hands out."""

from __future__ import annotations

from typing import Final

FIRST_NAMES: Final = (
    "Achieng", "Akinyi", "Amina", "Atieno", "Baraka", "Chebet", "Cherono", "Daudi", "Esther",
    "Faith", "Farida", "Grace", "Hamisi", "Imani", "Jelagat", "Joyce", "Juma", "Kamau", "Kiprono",
    "Lilian", "Makena", "Mercy", "Mumbua", "Mwende", "Naliaka", "Nekesa", "Njeri", "Nyambura",
    "Odhiambo", "Okello", "Peris", "Rehema", "Salim", "Tabitha", "Wambui", "Wanjiru", "Zawadi",
)  # fmt: skip
LAST_NAMES: Final = (
    "Abungo", "Barasani", "Chepkoro", "Dindimo", "Echesalo", "Gathumbi", "Imbugani", "Kabetula",
    "Kaluvu", "Kamorori", "Kibetani", "Lusiolo", "Makoriba", "Matherino", "Mbugani", "Muliroka",
    "Musembila", "Mwakitalu", "N'Gang'ara", "Ndegwani", "Nyakundila", "Obwogori", "Omukhanga",
    "Ondiekari", "Opiyani", "Oyugilo", "Rotichari", "Sagweni", "Simiyuka", "Tanuilo", "Wafulani",
    "Wekesari", "Yegonila",
)  # fmt: skip
UGANDAN_FIRST_NAMES: Final = (
    "Aber", "Apio", "Babirye", "Kato", "Kizza", "Mukasa", "Nakato", "Namubiru", "Okot", "Opolot",
    "Ssali", "Wasswa",
)  # fmt: skip
UGANDAN_LAST_NAMES: Final = (
    "Adokorach", "Byakuno", "Kiggundula", "Lubegari", "Mugishani", "Nabukenyo", "Nalwogari",
    "Ocenilo", "Ssemwoga", "Tumwebani",
)  # fmt: skip
STRANGERS: Final = (
    "=BAHATI KOLOMBINI", "OCHOLA, D'ARCIMO", "JOSÉ PEREIRALO", "PENDO MAJALIWALO", "SIFA TUMAINILO",
    "NEEMA FURAHANI", "JABALI SHUJAANI", "ZUHURA MWEZILO", "TUNU LULUANI", "KITO FAHARINI",
)  # fmt: skip
"""Payers who are no clients: relatives, employers, strangers."""


def kenyan_name(number: int) -> tuple[str, str]:
    """First and last name of the n-th Kenyan; no two have the same."""
    first, last = number % len(FIRST_NAMES), (number // len(FIRST_NAMES) + number) % len(LAST_NAMES)
    return FIRST_NAMES[first], LAST_NAMES[last]


def ugandan_name(number: int) -> tuple[str, str]:
    """First and last name of the n-th Ugandan; no two have the same."""
    firsts, lasts = UGANDAN_FIRST_NAMES, UGANDAN_LAST_NAMES
    return firsts[number % len(firsts)], lasts[(number // len(firsts) + number) % len(lasts)]


def kenyan_phone(number: int) -> str:
    """The n-th number: 2547000 and five digits; all different below 100,000."""
    return f"2547000{(number * 7919 + 10_007) % 100_000:05}"


def ugandan_phone(number: int) -> str:
    """The n-th number: 25677000 and four digits; all different below 9,000."""
    return f"25677000{(number * 7919 + 1_009) % 9_000:04}"
