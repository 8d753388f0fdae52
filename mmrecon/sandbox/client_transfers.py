"""Clients moved to another office: proposed, accepted, withdrawn, rejected.

While a transfer is pending the client is not active, and its accounts cannot be posted to
(fineract-api.md 4.4).
"""

from __future__ import annotations

from datetime import date

from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.clients import ACTIVE, client_or_404
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import COMMON, office_or_404
from mmrecon.sandbox.refusals import UnknownToSandboxError, rule_violated
from mmrecon.sandbox.routing import Route
from mmrecon.sandbox.values import Json

IN_PROGRESS, ON_HOLD = 303, 304
WORDS = {
    "proposetransfer": "PROPOSETRANSFER",
    "accepttransfer": "ACCEPTTRANSFER",
    "withdrawtransfer": "WITHDRAWTRANSFER",
    "rejecttransfer": "REJECTTRANSFER",
    "proposeandaccepttransfer": "PROPOSEANDACCEPTTRANSFER",
}
PROPOSAL = {
    *COMMON,
    "destinationOfficeId",
    "transferDate",
    "note",
    "staffId",
    "transferActiveLoans",
}


def transfer_command(word: str, client_id: int) -> Command | None:
    """The command of a word of ``POST /clients/{id}?command=``, if it is about a transfer."""
    action = WORDS.get(word)
    if action is None:
        return None
    return Command(action, "CLIENT", Subject(client_id=client_id, resource_id=client_id))


def _proposal(call: Call) -> tuple[Json, Json]:
    client = dict(client_or_404(call.session, call.subject.client_id or 0))
    fields = Fields(call.body(), "clients")
    fields.only(PROPOSAL)
    destination = fields.integer("destinationOfficeId", required=True)
    day = fields.date("transferDate") or date.min
    fields.finish()
    office = office_or_404(call.session, destination)
    if client["status_enum"] != ACTIVE:
        code = "error.msg.client.not.active.exception"
        raise rule_violated(code, f"The Client with id: {client['id']} is not active", client["id"])
    if office["id"] == client["office_id"]:
        code = "error.msg.client.transfer.to.same.office"
        raise rule_violated(code, "The client is in this office already", office["id"])
    sql = """
        select 1 from m_savings_account s join m_savings_product p on p.id = s.product_id
        where s.client_id = ? and s.status_enum = 300 and p.accounting_type <> 1
    """
    if call.session.value(sql, (client["id"],)):
        raise UnknownToSandboxError("transfers of clients whose accounts are booked")
    del day
    return client, {"transfer_to_office_id": office["id"]}


def _freeze(call: Call, client_id: int, status: int) -> None:
    """Set the state of the client's running accounts: 303 while it waits, 300 afterwards."""
    before = 300 if status == IN_PROGRESS else IN_PROGRESS
    call.session.run(
        "update m_savings_account set status_enum = ? where client_id = ? and status_enum = ?",
        (status, client_id, before),
    )
    call.session.run(
        "update m_loan set loan_status_id = ? where client_id = ? and loan_status_id = ?",
        (status, client_id, before),
    )


def _outcome(call: Call) -> Outcome:
    client = client_or_404(call.session, call.subject.client_id or 0)
    outcome = {"officeId": client["office_id"], "clientId": client["id"]}
    return {**outcome, "resourceId": client["id"]}


def _propose(call: Call) -> Outcome:
    client, columns = _proposal(call)
    call.session.update("m_client", client["id"], {**columns, "status_enum": IN_PROGRESS})
    _freeze(call, client["id"], IN_PROGRESS)
    return _outcome(call)


def _pending(call: Call) -> Json:
    client = dict(client_or_404(call.session, call.subject.client_id or 0))
    if client["status_enum"] not in (IN_PROGRESS, ON_HOLD):
        code = "error.msg.client.not.awaiting.transfer"
        raise rule_violated(code, "Client is not awaiting a transfer", client["id"])
    return client


def _end(call: Call, client: Json, office_id: int) -> Outcome:
    columns = {"status_enum": ACTIVE, "transfer_to_office_id": None, "office_id": office_id}
    call.session.update("m_client", client["id"], columns)
    _freeze(call, client["id"], 300)
    return _outcome(call)


def _accept(call: Call) -> Outcome:
    client = _pending(call)
    return _end(call, client, client["transfer_to_office_id"])


def _withdraw(call: Call) -> Outcome:
    client = _pending(call)
    return _end(call, client, client["office_id"])


def _reject(call: Call) -> Outcome:
    client = _pending(call)
    call.session.update("m_client", client["id"], {"status_enum": ON_HOLD})
    return _outcome(call)


def _propose_and_accept(call: Call) -> Outcome:
    client, columns = _proposal(call)
    return _end(call, client, columns["transfer_to_office_id"])


ROUTES: list[Route] = []
HANDLERS: dict[tuple[str, str], Handler] = {
    ("PROPOSETRANSFER", "CLIENT"): _propose,
    ("ACCEPTTRANSFER", "CLIENT"): _accept,
    ("WITHDRAWTRANSFER", "CLIENT"): _withdraw,
    ("REJECTTRANSFER", "CLIENT"): _reject,
    ("PROPOSEANDACCEPTTRANSFER", "CLIENT"): _propose_and_accept,
}
