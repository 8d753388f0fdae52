from __future__ import annotations

import numpy as np
import phonenumbers
import pytest

from mmrecon.matching.keys import texts
from mmrecon.matching.phones import COUNTRIES, canonical, fits, hashes, masks


@pytest.mark.parametrize(
    "spelling",
    ["254700000001", "+254700000001", "0700000001", "700000001", "00254700000001", "0700 000 001",
     "0700-000-001", "254700000001.0", "+254 (0700) 000001"[:5] + "700000001"],
)  # fmt: skip
def test_every_spelling_of_a_kenyan_phone_is_one_number(spelling: str) -> None:
    assert canonical(texts([spelling]), "KE").tolist() == [254_700_000_001]


@pytest.mark.parametrize(
    "text", ["", "2.547E+11", "12345678", "0000000000", "1000000101", "ALICE", "07000000012345"]
)
def test_what_is_no_phone_gives_none(text: str) -> None:
    assert canonical(texts([text]), "KE").tolist() == [0]


def test_a_number_of_another_country_keeps_its_own_code() -> None:
    assert canonical(texts(["256700000001", "+25070000000"]), "KE").tolist()[0] == 256_700_000_001


@pytest.mark.parametrize("country", sorted(COUNTRIES))
def test_lengths_and_codes_agree_with_libphonenumber(country: str) -> None:
    example = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    assert example is not None
    code, length = COUNTRIES[country]
    national = phonenumbers.national_significant_number(example)
    assert (example.country_code, len(national)) == (code, length)
    spelled = [f"{code}{national}", f"+{code}{national}", national, f"0{national}"]
    assert set(canonical(texts(spelled), country).tolist()) == {int(f"{code}{national}")}


@pytest.mark.parametrize(
    "mask",
    ["25470****001", "2547****001", "2547******001", "070****001", "0700***001", "254700***001",
     "07XX XXX 001", "0700XXXX01", "0700000***"],
)  # fmt: skip
def test_a_mask_with_any_number_of_stars_fits_its_phone(mask: str) -> None:
    read = masks(texts([mask]), "KE")
    phone = np.array([254_700_000_001], dtype=np.int64)
    assert fits(read, np.array([0]), phone, "KE").tolist() == [True]


@pytest.mark.parametrize("mask", ["25471****001", "0700***002", "25670****001", "254700000001", ""])
def test_a_mask_with_other_ends_does_not_fit(mask: str) -> None:
    read = masks(texts([mask]), "KE")
    phone = np.array([254_700_000_001], dtype=np.int64)
    assert fits(read, np.array([0]), phone, "KE").tolist() == [False]


def test_hashes_are_of_the_international_number() -> None:
    assert len(hashes(np.array([254_700_000_001], dtype=np.int64))[0]) == 64
