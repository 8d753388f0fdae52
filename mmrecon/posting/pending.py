"""What became of a command that waited inside Fineract for a second person (fineract-api.md 8).

An empty inbox proves nothing. Only the audit row of the command itself says that it was rejected,
or that it failed when somebody approved it.
"""

from __future__ import annotations

from typing import Final

from mmrecon.fineract.client import FineractClient, successful
from mmrecon.fineract.contract import as_list, as_object, as_text, parse_json
from mmrecon.fineract.contract_requests import PERMISSIONS, posting_note
from mmrecon.model.posting import Posting

_REJECTED: Final = 3
_FAILED: Final = 5


def was_rejected(client: FineractClient, posting: Posting) -> bool:
    """Whether the audit shows this posting's own command as rejected or failed.

    A user without `READ_AUDIT` sees nothing, and False says nothing.

    Raises:
        OutsideUnreachable: Fineract does not answer.
    """
    return any(_shows(client, posting, result) for result in (_REJECTED, _FAILED))


def _shows(client: FineractClient, posting: Posting, result: int) -> bool:
    action, _, entity = PERMISSIONS[posting.command].partition("_")
    account = "loanid" if posting.account_kind == "loan" else "savingsAccountId"
    reply = client.ask(
        "audits",
        {
            "actionName": action,
            "entityName": entity,
            account: posting.account_id,
            "processingResult": result,
            "includeJson": "true",
        },
    )
    if reply.status == 403:
        return False
    rows = as_list(successful(reply, "audits").json())
    commands = (as_object(parse_json(as_text(row.get("commandAsJson")))) for row in rows)
    return any(command.get("note") == posting_note(posting) for command in commands)
