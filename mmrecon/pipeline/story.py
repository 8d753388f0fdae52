"""The whole story of one receipt, for machines as a document, for an officer in plain words."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict
from typing import Any, Final

import pandas as pd

from mmrecon.approval.wording import sentence
from mmrecon.config import WalletSettings
from mmrecon.model.clock import local_time
from mmrecon.model.line_state import WORDS, LineState
from mmrecon.model.money import to_text
from mmrecon.model.other_date import paid_on_words
from mmrecon.model.override import Override
from mmrecon.model.resolution import way_out
from mmrecon.model.undo import UNDO
from mmrecon.pipeline.overrides import contradicted
from mmrecon.pipeline.run import Run
from mmrecon.pipeline.showing import as_shown, legs_in_words, wallets_by_id
from mmrecon.store.claims import Twice, standing_twice
from mmrecon.store.database import reading
from mmrecon.store.proofs import StoredProof, newest_proofs, wallet_ids
from mmrecon.store.stories import Record, StoredStory, read_story
from mmrecon.store.undos import GIVEN_UP
from mmrecon.store.withdrawals import Withdrawn, withdrawn_by

_PARTS = (
    "sightings", "matches", "workbook_rows", "answers", "batch_rows", "review_reasons", "holds",
    "postings", "exchanges", "links",
)  # fmt: skip
_JSON_FIELDS = {
    "legs_json": "legs_told", "candidates_json": "candidates",
    "explanation_json": "explanation_arguments", "facts_json": "facts",
    "details_json": "details", "reason_json": "reason_arguments", "row_json": "row_facts",
    "arguments_json": "arguments",
}  # fmt: skip


def tell(run: Run, receipt: str) -> dict[str, Any]:
    """Everything known of a receipt: its `lines`, its `withdrawn_lines` and its `refused_rows`.

    Each line has its facts, its parts in the order they happened, and `words`: sentences for an
    officer as (heading, sentence) pairs.
    """
    with reading(run.engine) as connection:
        stored = read_story(connection, receipt)
        released = contradicted(connection, run).released
        wallets = wallets_by_id(run.settings, wallet_ids(connection))
        lines = list(_line_documents(stored, stored.lines, wallets))
        gone = list(_line_documents(stored, stored.withdrawn, wallets))
        ended = withdrawn_by(connection)
        twice = standing_twice(connection, [line["line_id"] for line in lines])
        for line in lines:
            line["twice"] = [asdict(one) for one in twice if one.line_id == line["line_id"]]
            day = line["value_date"]
            proofs = newest_proofs(connection, line["wallet_id"], day, day)
            line["words"] = list(_words(line, wallets.get(line["wallet_id"]), proofs))
            line["words"] += _withdrawn_files(line, ended)
            line["words"] += [
                ("fineract", twice_words(one, line["receipt"], line["currency"]))
                for one in twice
                if one.line_id == line["line_id"]
            ]
            line["words"] += _override(released.get((line["wallet_id"], day)))
    for line in gone:
        line["words"] = list(_words_of_withdrawn(line, wallets.get(line["wallet_id"]), ended))
    refused = [dict(row) for row in stored.refused_rows]
    return {
        "receipt": receipt, "lines": lines, "withdrawn_lines": gone, "refused_rows": refused,
    }  # fmt: skip


def _line_documents(
    stored: StoredStory, lines: pd.DataFrame, wallets: dict[int, WalletSettings]
) -> Iterator[dict[str, Any]]:
    shown = as_shown(lines, wallets).to_dict("records")
    facts = lines[["line_id", "wallet_id", "sub_account", "value_date"]].to_dict("records")
    for line, more in zip(shown, facts, strict=True):
        document = {str(name): value for name, value in (line | more).items()}
        for part in _PARTS:
            document[part] = _of_line(getattr(stored, part), more["line_id"])
        named = {row["batch_id"] for row in document["batch_rows"]}
        document["signatures"] = [
            dict(row) for row in stored.signatures if row["batch_id"] in named
        ]
        yield document


def _of_line(records: Sequence[Record], line_id: int) -> list[dict[str, Any]]:
    return [_parsed(record) for record in records if record["line_id"] == line_id]


def _parsed(record: Record) -> dict[str, Any]:
    """The record with its JSON columns opened."""
    return {
        _JSON_FIELDS.get(name, name): json.loads(value or "null") if name in _JSON_FIELDS else value
        for name, value in record.items()
    }


_Words = Iterator[tuple[str, str]]


def _words(
    line: Mapping[str, Any], wallet: WalletSettings | None, proofs: Sequence[StoredProof]
) -> _Words:
    zone = wallet.zone if wallet else "UTC"
    yield from _what_it_is(line)
    yield from _where_it_stands(line)
    yield from _what_matching_said(line)
    yield from _what_people_did(line, zone)
    yield from _what_fineract_did(line, zone)
    for proof in proofs:
        if proof.sub_account in ("", line["sub_account"]):
            text = f"The day {proof.day} is {proof.light} ({proof.proof})."
            yield "proof", f"{text} Proved {_when(proof.at_utc, zone)}."


def _words_of_withdrawn(
    line: Mapping[str, Any], wallet: WalletSettings | None, ended: Mapping[str, Withdrawn]
) -> _Words:
    zone = wallet.zone if wallet else "UTC"
    yield from _what_it_is(line)
    yield from _withdrawn_files(line, ended)
    yield "state", "It counts no longer: every file that showed it was withdrawn."
    yield from _what_people_did(line, zone)
    yield from _what_fineract_did(line, zone)


def _withdrawn_files(line: Mapping[str, Any], ended: Mapping[str, Withdrawn]) -> _Words:
    """Which of the files that showed it were withdrawn, by which batch and why."""
    files = {
        one["sha256"]: one["delivered_name"] for one in line["sightings"] if one["withdrawn_at_utc"]
    }
    for sha256, name in files.items():
        by = ended.get(sha256)
        told = f" by batch {by.batch_id}, because: {by.reason.rstrip('.')}" if by else ""
        yield "file", f"{name} ({sha256[:12]}) was withdrawn{told}."


def _what_it_is(line: Mapping[str, Any]) -> _Words:
    way = "came in" if line["sign"] > 0 else "went out"
    amount = to_text(line["amount_minor"], line["currency"])
    moment = line["completed_at"][:16].replace("T", " ")
    yield "line", f"{amount} {way} on {moment} in wallet {line['wallet']}: a {line['class']} line."
    party = " ".join(part for part in (line["party_phone"], line["party_name"]) if part)
    if party:
        yield "line", f"{'Paid by' if line['sign'] > 0 else 'Paid to'} {party}."
    if line["reference"]:
        yield "line", f"Typed as account: {line['reference']}."
    for sighting in line["sightings"]:
        first = "First seen in" if sighting["is_first"] else "Seen again in"
        name = "/".join(part for part in (sighting["delivered_name"], sighting["member"]) if part)
        gone = "" if sighting["current"] else ", a reading that was replaced since"
        gone = ", withdrawn since" if sighting["withdrawn_at_utc"] else gone
        yield "file", f"{first} {name}, row {sighting['row']} (layout {sighting['layout']}{gone})."


def _where_it_stands(line: Mapping[str, Any]) -> _Words:
    yield "state", f"It {_state_words(line)} ({line['state']})."
    for reason in line["review_reasons"]:
        when = "Was sent back" if reason["cleared"] else "Was sent back to a person"
        yield "state", f"{when}: {sentence(reason['code'], reason['arguments'] or {})}."


def _state_words(line: Mapping[str, Any]) -> str:
    waiting = [one for one in line["postings"] if one["state"] == LineState.APPROVED]
    if line["state"] == LineState.APPROVED and waiting and all(one["shadow"] for one in waiting):
        return "was approved in shadow and is never sent"
    return WORDS[LineState(line["state"])]


def _what_matching_said(line: Mapping[str, Any]) -> _Words:
    for match in line["matches"]:
        if match["superseded_by_run_id"]:
            continue
        tier = f"Tier {match['tier']}, rule {match['rule']}: " if match["tier"] else ""
        if tier or line["explanation"]:
            yield "match", f"{tier}{line['explanation']}"
        for veto in filter(None, match["vetoes"].split(";")):
            yield "match", f"Stopped by {veto}: {sentence(veto, {}).rstrip('.')}."
        for candidate in match["candidates"] or ():
            yield "match", f"Considered {_candidate(candidate)}"
        if match["legs"]:
            yield "match", f"Proposed: {legs_in_words(match['legs'], line['currency'])}."
    earlier = sum(1 for match in line["matches"] if match["superseded_by_run_id"])
    if earlier:
        yield "match", f"Matched {earlier} times before; those matches are kept."


def _candidate(candidate: Mapping[str, Any]) -> str:
    kind = candidate.get("account_kind") or candidate.get("kind", "")
    named = f"{kind} {candidate.get('account_no', '')}".strip()
    spoken = [
        f"{word} it: " + ", ".join(sentence(code, {}) for code in candidate[word])
        for word in ("for", "against")
        if candidate.get(word)
    ]
    reasons = f"; {'; '.join(spoken)}" if spoken else ""
    return f"{named}{reasons}."


def _what_people_did(line: Mapping[str, Any], zone: str) -> _Words:
    for row in line["workbook_rows"]:
        section = f", section {row['section']}" if row["section"] else ""
        yield "people", f"Shown in workbook {row['workbook_id']}{section}."
    for answer in line["answers"]:
        taken = "accepted" if answer["accepted"] else f"refused ({answer['reason_code']})"
        when = _when(answer["at_utc"], zone)
        told = f"{answer['person']} answered “{answer['decision']}” {when}: {taken}."
        yield "people", f"{told}{_answered(answer['details'] or {})}"
    for hold in line["holds"]:
        until = f" until {hold['until']}" if hold["until"] else ""
        ended = ", which has ended" if hold["ended"] else ""
        yield "people", f"Put aside ({hold['kind']}){until}{ended}."
    for row in line["batch_rows"]:
        what = f"Row {row['row_number']} of batch {row['batch_id']} ({row['kind']})"
        refused = f", rejected: {row['reject_reason']}" if row["rejected"] else ""
        asked = row["row_facts"] or {}
        yield "people", f"{what}: {row['state']}{refused}.{_asked(asked)}"
    for signature in line["signatures"]:
        who = signature["name"] or signature["fingerprint"]
        when = _when(signature["signed_at_utc"], zone)
        act = {"prepare": "prepared", "approve": "approved", "reject": "rejected"}.get(
            signature["act"], "approved as second approver"
        )
        yield "people", f"{who} {act} batch {signature['batch_id']} {when}."


_CELLS: Final = {
    "different_account": "account {}", "split": "split {}", "hold_until": "until {}",
    "evidence_reference": "transaction or paper {}", "reason": "because: {}", "comment": "“{}”",
}  # fmt: skip
"""What a preparer typed beside the decision, in the order it is told."""


def _answered(details: Mapping[str, Any]) -> str:
    """The account a preparer chose and the reason, as typed."""
    typed = [words.format(details[cell]) for cell, words in _CELLS.items() if details.get(cell)]
    return f" Typed: {'; '.join(typed)}." if typed else ""


def _asked(row: Mapping[str, Any]) -> str:
    """What a signed row asks for: to whom, and the preparer's reason."""
    reason = str(row.get("reason") or "").rstrip(".")
    if row.get("act") == UNDO:
        return f" It asks to take it back: {reason}."
    account = ":".join(str(row[name]) for name in ("account_kind", "account_no") if row.get(name))
    told = [f"to {account}"] if account else []
    told += [f"because: {reason}"] if reason else []
    return f" It asks: {', '.join([str(row['decision']), *told])}." if row.get("decision") else ""


def _what_fineract_did(line: Mapping[str, Any], zone: str) -> _Words:
    for posting in line["postings"]:
        number = f", transaction {posting['transaction_id']}" if posting["transaction_id"] else ""
        why = f" ({posting['reason']})" if posting["reason"] else ""
        what = posting["command"].replace("_", " ").capitalize()
        amount = to_text(posting["posted_minor"], posting["currency"])
        account = f"{posting['account_kind']} {posting['account_no']}"
        told = f"{what} of {amount} on {account}, value date {posting['value_date']}"
        if posting["paid_on"]:
            told += f" ({paid_on_words(posting['paid_on'], posting['date_reason'])})"
        state = f"attempt {posting['attempt']}: {posting['state']}{number}{why}"
        named = f"Posting {posting['posting_id']}, key {posting['idempotency_key']}"
        yield "fineract", f"{told}, {state}. {named}."
        way = "" if posting["shadow"] else way_out(posting["state"], posting["posting_id"])
        if way:
            yield "fineract", f"Its way out: {way}."
    for exchange in line["exchanges"]:
        yield "fineract", _exchange(exchange, _when(exchange["sent_at_utc"], zone))
    for link in line["links"]:
        amount = to_text(link["amount_minor"], line["currency"])
        target = f" transaction {link['transaction_id']}" if link["transaction_id"] else ""
        paper = f" paper {link['paper_reference']}" if link["paper_reference"] else ""
        gone = ", withdrawn since" if link["withdrawn"] else ""
        yield "fineract", f"{amount} closed as {link['kind']}{target}{paper}{gone}."


def twice_words(one: Twice, receipt: str, currency: str) -> str:
    """What stands beside the money of a line, and how it is taken away."""
    amount = to_text(one.amount_minor, currency)
    where = f"{one.account_kind} {one.account_id}, transaction {one.transaction_id}"
    return (
        f"AND A SECOND TIME: {where}, {amount} of {one.day}, made {one.made_by()}. Keep the right "
        f"one: that one is undone in Fineract itself; `mmrecon undo {receipt}` takes back only "
        "what stands above."
    )


def _exchange(exchange: Mapping[str, Any], when: str) -> str:
    """One sending and what was heard of it; or a correction that ended without an undo."""
    code = f" ({exchange['code']})" if exchange["code"] else ""
    if exchange["meaning"] == GIVEN_UP:
        return f"Its correction was given up {when}{code}; what was posted stayed posted."
    heard = f"HTTP {exchange['status']}" if exchange["status"] else "no answer"
    return f"Sent {when}, heard {heard}: {exchange['meaning']}{code}."


def _override(signed: Override | None) -> list[tuple[str, str]]:
    if signed is None:
        return []
    people = " and ".join(signed.signed_by)
    text = f"Batch {signed.batch_id}, signed by {people}, lets the day go although it is"
    return [("proof", f"{text} contradicted: {signed.reason}.")]


def _when(at_utc: str, zone: str) -> str:
    """An ISO moment in the wallet's zone, for people; nothing for nothing."""
    return f"on {local_time(at_utc, zone)}" if at_utc else "at an unknown time"
