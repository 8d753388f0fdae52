"""People, keys and approvals by command line, as on a site."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import pytest

from mmrecon.model.approval import Batch, BatchKind
from mmrecon.model.clock import local_time
from mmrecon.model.progress import Silent
from mmrecon.pipeline.approving import prepare
from mmrecon.pipeline.drafts import Draft
from mmrecon.pipeline.people import unlock_signer
from mmrecon.store.batches import RowPlace
from mmrecon.store.database import transaction
from mmrecon.store.schema import BATCH_ROW
from mmrecon.wiring import open_run
from tests.cli.site import ASHA, BENO, CARO, Site, at_terminal, founded, init
from tests.people.desk import plant_lines, row


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Site:
    """A site made once for the module: founders, approved configuration, five lines."""
    site = founded(tmp_path_factory.mktemp("made") / "site")
    with open_run(site.config, command="test", progress=Silent(), lock=False) as (run, _):
        plant_lines(run.engine)
    shutil.copytree(site.folder, site.folder.with_name("as made"))
    return site


@pytest.fixture
def site(opened: Site) -> Site:
    """That site again, as it was made."""
    shutil.rmtree(opened.folder)
    shutil.copytree(opened.folder.with_name("as made"), opened.folder)
    return opened


def prepared(site: Site, rows: list[dict[str, Any]], kind: BatchKind = BatchKind.POSTINGS) -> str:
    """A batch that Asha prepared, as `submit FILE` would leave it."""
    places = [RowPlace(one.pop("_line_id")) for one in rows]
    batch = Batch("batch-1", kind, rows, {"KES": sum(one["amount_minor"] for one in rows)})
    with open_run(site.config, command="test", progress=Silent(), lock=False) as (run, _):
        signer = unlock_signer(run, ASHA, f"{ASHA}: four quite unlikely words")
        with transaction(run.engine) as connection:
            prepare(connection, run, signer, [Draft(batch, places)])
    return batch.batch_id


def test_the_whole_story_of_a_third_person(site: Site) -> None:
    invited = site.call("people", "invite", CARO, "--role", "approver", "--json")
    assert invited.code == 0
    assert "is shown only now" in site.call("people", "invite", "X", "--role", "auditor").out
    assert site.enrol(CARO, invited.json["code"]).code == 0
    listed = site.call("people", "list", "--json").json["people"]
    assert {one["name"]: one["state"] for one in listed if one["fingerprint"]} == {
        ASHA: "active", BENO: "active", CARO: "waits",
    }  # fmt: skip
    assert site.call("submit", *site.signed(BENO)).code == 1
    assert site.call("approve").code == 1
    site.approve_everything(ASHA)
    assert site.call("approve").code == 0
    batch = prepared(site, [row(1)])
    assert site.call("approve", batch, "--yes", *site.signed(CARO)).code == 0
    revoked = site.call("people", "revoke", CARO, "--reason", "has left", *site.signed(BENO))
    assert revoked.code == 0
    assert "revoked" in site.call("people", "list").out
    assert site.call("submit", *site.signed(CARO)).code == 5


def test_a_key_file_is_private_and_the_code_is_not_kept(site: Site) -> None:
    keys = list((site.folder / "state" / "keys").iterdir())
    assert len(keys) == 2
    assert {path.stat().st_mode & 0o777 for path in keys} == {0o600}
    code = site.call("people", "invite", CARO, "--role", "auditor", "--json").json["code"]
    assert code.replace("-", "").encode() not in (site.folder / "state" / "mmrecon.db").read_bytes()


def test_the_list_says_what_waits_and_one_batch_what_is_in_it(site: Site) -> None:
    batch = prepared(site, [row(1), row(2, reason="asked for")])
    listed = site.call("approve")
    assert listed.code == 1
    assert batch in listed.out
    assert ASHA in listed.out
    assert "KES 2,000.00" in listed.out
    shown = site.call("approve", batch)
    assert shown.code == 1
    assert "savings deposit" in shown.out
    assert "TST1" in shown.out
    document = site.call("approve", batch, "--json").json
    assert [one["receipt"] for one in document["rows"]] == ["TST1", "TST2"]


def test_choices_are_shown_one_by_one_with_their_reason(site: Site) -> None:
    held: dict[str, Any] = {"act": "hold", "until": "2026-12-01", "command": "", "account_no": ""}
    rows = [row(1, reason="asks at the branch", **held)]
    batch = prepared(site, rows, BatchKind.CHOICES)
    shown = site.call("approve", batch).out
    assert "1. TST1 KES 1,000.00: hold until 2026-12-01" in shown
    assert "reason: asks at the branch" in shown


def test_an_approved_batch_says_so_at_exit_code_0(site: Site) -> None:
    batch = prepared(site, [row(1), row(2), row(3)])
    ended = site.call(
        "approve", batch, "--yes", "--reject", "2: wrong member", *site.signed(BENO), "--json"
    )
    assert ended.code == 0
    assert ended.json["state"] == "approved"
    assert (ended.json["accepted_rows"], ended.json["rejected_rows"]) == (2, [2])


def test_a_batch_goes_back_with_a_reason(site: Site) -> None:
    batch = prepared(site, [row(1)])
    back = ("approve", batch, "--yes", "--reject-batch", *site.signed(BENO))
    assert site.call(*back).code == 2
    assert site.call(*back, "--reason", "month is closed").code == 0
    assert site.call("approve", batch).code == 0


def test_refusals_end_with_5_and_stand_in_the_journal(site: Site) -> None:
    batch = prepared(site, [row(1)])
    same = site.call("approve", batch, "--yes", *site.signed(ASHA), "--json")
    assert (same.code, same.json["error"]["code"]) == (5, "same_person")
    wrong = ("--as", BENO, "--passphrase-file", site.secret(BENO, "something else entirely"))
    refused = site.call("approve", batch, "--yes", *wrong, "--json")
    assert (refused.code, refused.json["error"]["code"]) == (5, "wrong_passphrase")
    assert site.call("approve", batch, "--yes", *site.signed("Nobody Test")).code == 5
    with (
        open_run(site.config, command="test", progress=Silent(), lock=False) as (run, _),
        transaction(run.engine) as connection,
    ):
        changed = BATCH_ROW.update().where(BATCH_ROW.c.batch_id == batch)
        connection.execute(changed.values(row_json="{}"))
    altered = site.call("approve", batch)
    assert altered.code == 5
    assert "row 1" in altered.err


def test_a_passphrase_file_that_others_can_read_is_refused_with_its_remedy(site: Site) -> None:
    batch = prepared(site, [row(1)])
    options = site.signed(BENO)
    Path(options[-1]).chmod(0o644)
    ended = site.call("approve", batch, "--yes", *options)
    assert ended.code == 5
    assert "chmod 600" in ended.err
    Path(options[-1]).unlink()
    assert site.call("approve", batch, "--yes", *options).code == 2


def test_nobody_is_asked_without_a_terminal(site: Site) -> None:
    batch = prepared(site, [row(1)])
    unasked = site.call("approve", batch, *site.signed(BENO))
    assert unasked.code == 2
    assert "--yes" in unasked.err
    unkeyed = site.call("approve", batch, "--yes", "--as", BENO)
    assert unkeyed.code == 2
    assert "--passphrase-file" in unkeyed.err
    assert site.call("people", "enrol", CARO).code == 2


@pytest.mark.parametrize("text", ["", "2", "2:", "two:reason", ":reason"])
def test_a_rejection_that_is_not_understood_is_wrong_use(site: Site, text: str) -> None:
    batch = prepared(site, [row(1), row(2)])
    ended = site.call("approve", batch, "--yes", "--reject", text, *site.signed(BENO))
    assert ended.code == 2
    assert "ROW:reason" in ended.err


@pytest.mark.parametrize(
    "options",
    [
        ("--yes",),
        ("--reject", "1:wrong"),
        ("--reject-batch", "--reason", "wrong"),
        ("--as", BENO, "--reject", "1:wrong", "--reject-batch", "--reason", "wrong", "--yes"),
        ("--as", BENO, "--reject-batch", "--yes"),
    ],
)
def test_options_that_do_not_go_together_decide_nothing(
    site: Site, options: tuple[str, ...]
) -> None:
    batch = prepared(site, [row(1), row(2)])
    assert site.call("approve", batch, *options).code == 2
    assert site.call("approve", "--yes").code == 2
    assert len(site.call("approve", "--json").json["waiting"]) == 1


def test_missing_founders_stop_everything(site: Site) -> None:
    (site.folder / "founders").unlink()
    assert site.call("submit").code == 5
    assert site.call("people", "list").code == 5


def test_before_the_founders_enrolled_signing_is_wrong_use_and_says_what_to_do(
    tmp_path: Path,
) -> None:
    site = Site(tmp_path / "site")
    init(site.folder)
    ended = site.call("submit", *site.signed(ASHA))
    assert ended.code == 2
    assert "people enrol" in ended.err
    assert site.call("people", "list").code == 0
    code = site.call("people", "invite", ASHA, "--founder", "--json").json["code"]
    assert "other founder" in site.enrol(ASHA, code).out


def test_at_a_terminal_a_person_sees_the_batch_and_types_the_passphrase(site: Site) -> None:
    batch = prepared(site, [row(1)])
    options = ["--as", BENO, "--config", str(site.config)]
    passphrase = f"{BENO}: four quite unlikely words"
    seen = at_terminal(["approve", batch, *options], {"Approve it?": "y", "Passphrase": passphrase})
    assert seen.index("savings deposit") < seen.index("Approve it?")
    assert "1 row accepted" in seen
    assert "unlikely" not in seen


def test_a_code_that_was_used_or_replaced_is_not_an_open_one(site: Site) -> None:
    site.call("people", "invite", CARO, "--role", "auditor")
    newer = site.call("people", "invite", CARO, "--role", "approver", "--json").json["code"]
    people = site.call("people", "list", "--json").json["people"]
    assert [(one["state"], one["roles"]) for one in people if one["name"] == CARO] == [
        ("invited", ["approver"])
    ]
    assert site.enrol(CARO, newer).code == 0
    people = site.call("people", "list", "--json").json["people"]
    assert [one["state"] for one in people if one["name"] == CARO] == ["waits"]


def test_ids_in_lists_can_be_copied_from_a_narrow_terminal(site: Site) -> None:
    invited = site.call("people", "invite", CARO, "--role", "approver", "--json").json
    listed = site.call("people", "list").out
    assert local_time(invited["expires_at_utc"], "Africa/Nairobi") in listed
    assert "All times are Africa/Nairobi." in listed
    fingerprints = [
        one["fingerprint"] for one in site.call("people", "list", "--json").json["people"]
    ]
    assert all(fingerprint[:12] in listed for fingerprint in fingerprints)
    assert site.enrol(CARO, invited["code"]).code == 0
    assert site.call("submit", *site.signed(BENO)).code == 1
    (batch,) = site.call("approve", "--json").json["waiting"]
    assert batch["batch_id"] in site.call("approve").out


def test_a_mistyped_passphrase_is_asked_again(site: Site) -> None:
    batch = prepared(site, [row(1)])
    right = f"{BENO}: four quite unlikely words"
    answers = {"Approve it?": "y", "Passphrase": "four other words", "again.\r\nPassphrase": right}
    seen = at_terminal(["approve", batch, "--as", BENO, "--config", str(site.config)], answers)
    assert "approved" in seen


def test_nobody_is_asked_for_a_passphrase_who_cannot_sign(tmp_path: Path) -> None:
    site = Site(tmp_path / "new")
    assert init(site.folder).code == 0
    for words in (("submit",), ("approve", "postings-1", "--yes"), ("submit", "today.xlsx")):
        ended = site.call(*words, "--as", ASHA)
        assert ended.code in {2, 5}
        assert "terminal" not in ended.err
    assert "nobody can sign yet" in site.call("submit", "--as", ASHA).err


def test_the_first_configuration_is_told_by_what_it_chooses(tmp_path: Path) -> None:
    site = Site(tmp_path / "new")
    codes = init(site.folder, "--founder", ASHA, "--founder", BENO, "--json").json["founders"]
    for one in codes:
        site.enrol(one["name"], one["code"])
    said = site.call("submit").out
    assert "No configuration is approved yet; this is the first one:" in said
    assert "wallets.pay.payment_type.id = 3" in said
    assert "posting.workers" not in said
    document = site.call("submit", "--json").json["configuration"]
    rest = len(document) - said.count(" = ")
    assert f"and {rest} settings as by default" in said
    assert "posting.workers = 2" in document
    assert site.call("submit", *site.signed(ASHA)).code == 1
    (batch,) = site.call("approve", "--json").json["waiting"]
    assert f"and {rest} settings as by default" in site.call("approve", batch["batch_id"]).out
    site.approve_everything(BENO)
    site.config.write_text(site.config.read_text().replace("Example SACCO", "Other SACCO"))
    assert "differs from the approved one" in site.call("submit").out


def test_a_configuration_changed_after_its_approval_is_told_wherever_people_look(
    site: Site,
) -> None:
    text = site.config.read_text()
    site.config.write_text(text.replace("2026-11-01", "2026-11-20"))
    for command in ("status", "approve", "post"):
        told = site.call(command)
        assert told.code == 6, command
        assert "the configuration differs from the approved one (wallets.pay.live_from)" in told.out
        assert "mmrecon submit --as NAME" in told.out
        document = site.call(command, "--json").json
        codes = [one["code"] for one in document.get("configuration", document.get("issues"))]
        assert "configuration_differs" in codes, command
    assert site.call("submit", *site.signed(ASHA)).code == 1
    (batch,) = site.call("approve", "--json").json["waiting"]
    for command in ("status", "approve", "post"):
        told = site.call(command)
        assert told.code == 1, command
        assert f"mmrecon approve {batch['batch_id']}" in told.out
    site.approve_everything(BENO)
    for command in ("status", "approve", "post"):
        assert "configuration" not in site.call(command).out


def test_before_anything_is_approved_the_first_configuration_is_asked_for(tmp_path: Path) -> None:
    site = Site(tmp_path / "site")
    codes = init(site.folder, "--founder", ASHA, "--founder", BENO, "--json").json["founders"]
    assert site.call("status").code == 0, "nobody can sign yet"
    for one in codes:
        assert site.enrol(one["name"], one["code"]).code == 0
    told = site.call("status")
    assert told.code == 1
    assert "no configuration is approved yet" in told.out
    (site.folder / "founders").unlink()
    told = site.call("status")
    assert told.code == 6
    assert "the file `founders` beside the configuration is missing" in told.out


def test_who_prepared_a_batch_is_refused_before_any_passphrase_is_asked(site: Site) -> None:
    batch_id = prepared(site, [row(1)])
    told = site.call("approve", batch_id, "--yes", "--as", ASHA)
    assert told.code == 5, "without a terminal a passphrase would be refused with 2"
    assert "the same person may not sign twice" in told.err


def test_a_name_is_one_person_however_its_letters_are_typed(site: Site) -> None:
    code = site.call("people", "invite", CARO, "--role", "approver", "--json").json["code"]
    assert f"{CARO} has a key" in site.enrol(CARO.upper(), code).out
    listed = site.call("people", "list", "--json").json["people"]
    assert sorted(one["name"] for one in listed) == [ASHA, BENO, CARO]
    again = site.call("people", "invite", CARO.lower(), "--role", "auditor")
    assert f"Code for {CARO}:" in again.out
    refused = site.call("people", "invite", ASHA.upper(), "--founder")
    assert refused.code == 5
    as_asha = ("--as", "asha test", "--passphrase-file", site.secret(ASHA))
    gone = site.call("people", "revoke", CARO.upper(), "--reason", "left", *as_asha)
    assert (gone.code, f"{CARO} can no longer sign" in gone.out) == (0, True)


def test_two_spellings_of_one_name_are_no_two_founders(tmp_path: Path) -> None:
    told = init(tmp_path / "site", "--founder", ASHA, "--founder", ASHA.upper())
    assert told.code == 2
    site = Site(tmp_path / "other")
    codes = init(site.folder, "--founder", ASHA, "--founder", BENO, "--json").json["founders"]
    assert f"{ASHA} has a key" in site.enrol("asha  TEST", codes[0]["code"]).out
    assert site.enrol(BENO.lower(), codes[1]["code"]).code == 0
    founders = (site.folder / "founders").read_text()
    assert f" {ASHA}\n" in founders
    assert f" {BENO}\n" in founders
