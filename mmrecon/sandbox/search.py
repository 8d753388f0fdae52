"""Finding clients and accounts by text (fineract-api.md 6.2)."""

from __future__ import annotations

import math
from dataclasses import dataclass

from mmrecon.sandbox.call import Call, Handler
from mmrecon.sandbox.database import Row
from mmrecon.sandbox.enums import client_status, loan_status
from mmrecon.sandbox.paging import Listing
from mmrecon.sandbox.refusals import ContainerError
from mmrecon.sandbox.routing import Route, asks, reads
from mmrecon.sandbox.values import Json, compact

MOST = 50
INVALID_DEPOSIT = "depositAccountType.invalid"


@dataclass(frozen=True)
class _Resource:
    """One kind of thing that can be found."""

    columns: str
    source: str
    searched: tuple[str, ...]


_OF_CLIENT = """
    c.external_id, c.display_name as name, c.mobile_no, c.status_enum as status,
    o.id as parent_id, o.name as parent_name, null as parent_type
"""
_OWNER = """
    coalesce(c.id, g.id) as parent_id, coalesce(c.display_name, g.display_name) as parent_name,
    case when c.id is null then 'group' else 'client' end as parent_type
"""
_OWNED = """
    left join m_client c on c.id = a.client_id left join m_group g on g.id = a.group_id
    join m_office o on o.id = coalesce(c.office_id, g.office_id)
"""
RESOURCES = {
    "clients": _Resource(
        f"'CLIENT' as kind, c.id, c.account_no, {_OF_CLIENT}",
        "m_client c join m_office o on o.id = c.office_id",
        ("c.account_no", "c.display_name", "c.external_id", "c.mobile_no"),
    ),
    "clientIdentifiers": _Resource(
        f"'CLIENTIDENTIFIER' as kind, c.id, i.document_key as account_no, {_OF_CLIENT}",
        """
        m_client_identifier i join m_client c on c.id = i.client_id
        join m_office o on o.id = c.office_id
        """,
        ("i.document_key",),
    ),
    "groups": _Resource(
        """
        'GROUP' as kind, g.id, g.account_no, g.external_id, g.display_name as name,
        null as mobile_no, g.status_enum as status, o.id as parent_id, o.name as parent_name,
        null as parent_type
        """,
        "m_group g join m_office o on o.id = g.office_id",
        ("g.account_no", "g.display_name", "g.external_id"),
    ),
    "savings": _Resource(
        f"""
        'SAVING' as kind, a.id, a.account_no, a.external_id, p.name, null as mobile_no,
        0 as status, {_OWNER}
        """,
        f"m_savings_account a join m_savings_product p on p.id = a.product_id {_OWNED}",
        ("a.account_no", "a.external_id"),
    ),
    "loans": _Resource(
        f"""
        'LOAN' as kind, a.id, a.account_no, a.external_id, p.name, null as mobile_no,
        a.loan_status_id as status, {_OWNER}
        """,
        f"m_loan a join m_product_loan p on p.id = a.product_id {_OWNED}",
        ("a.account_no", "a.external_id"),
    ),
}


def search_any(call: Call) -> list[Json]:
    """``GET /search``: at most 50 in all, newest first; letter case counts (PostgreSQL)."""
    text = call.query.get("query", "")
    exact = call.flag("exactMatch")
    found: list[Json] = []
    for resource in call.query.get("resource", ",".join(RESOURCES)).split(","):
        if resource == "shares":
            continue
        if resource not in RESOURCES:
            raise ContainerError(500, said=f"unknown resource {resource}")
        kind = RESOURCES[resource]
        listing = Listing(kind.columns, kind.source)
        listing.where("o.hierarchy like ?", call.user.hierarchy + "%")
        like = text if exact else f"%{text}%"
        operator = "=" if exact else "like"
        either = " or ".join(f"{column} {operator} ?" for column in kind.searched)
        listing.where(f"({either})", *(like for _ in kind.searched))
        listing.order = f"{kind.source.split()[1]}.id desc"
        found += [_hit(row) for row in listing.rows(call.session, MOST)]
    return found[:MOST]


def _hit(row: Row) -> Json:
    kind = row["kind"]
    status: Json = {"id": 0, "code": "", "value": ""}
    if kind in ("CLIENT", "CLIENTIDENTIFIER"):
        status = client_status(row["status"])
    elif kind == "LOAN":
        whole = loan_status(row["status"])
        status = {name: whole[name] for name in ("id", "code", "value")}
    deposit = "depositAccountType.savingsDeposit" if kind == "SAVING" else INVALID_DEPOSIT
    return compact(
        {
            "entityId": row["id"],
            "entityAccountNo": row["account_no"],
            "entityExternalId": row["external_id"],
            "entityName": row["name"],
            "entityType": kind,
            "parentId": row["parent_id"],
            "parentName": row["parent_name"],
            "entityMobileNo": row["mobile_no"],
            "entityStatus": status,
            "parentType": row["parent_type"],
            "subEntityType": deposit,
        }
    )


SORTS = {"id": "c.id", "displayName": "c.display_name", "accountNumber": "c.account_no"}


def search_clients(call: Call) -> Json:
    """``POST /v2/clients/search``: pages as Spring writes them; needs no permission."""
    body = call.body()
    text = str((body.get("request") or {}).get("text") or "")
    page, size = int(body.get("page") or 0), int(body.get("size") or 50)
    listing = Listing(
        "c.*, o.name as office_name", "m_client c join m_office o on o.id = c.office_id"
    )
    listing.where("o.hierarchy like ?", call.user.hierarchy + "%")
    if text:
        columns = ("c.account_no", "c.display_name", "c.external_id", "c.mobile_no")
        either = " or ".join(f"{column} like ?" for column in columns)
        listing.where(f"({either})", *(f"%{text}%" for _ in columns))
    sorts = body.get("sorts") or []
    listing.order = ", ".join(_order(sort) for sort in sorts) or "c.id desc"
    rows = listing.rows(call.session, size, page * size)
    return _spring_page(
        [_found(row) for row in rows], listing.total(call.session), page, size, sorts
    )


def _order(sort: Json) -> str:
    column = SORTS.get(str(sort.get("property")), "c.id")
    return f"{column} {'desc' if sort.get('direction') == 'DESC' else 'asc'}"


def _found(row: Row) -> Json:
    return {
        "id": row["id"],
        "displayName": row["display_name"],
        "externalId": row["external_id"],
        "accountNumber": row["account_no"],
        "officeId": row["office_id"],
        "officeName": row["office_name"],
        "mobileNo": row["mobile_no"],
        "status": client_status(row["status_enum"]),
        "activationDate": row["activation_date"],
        "createdDate": f"{row['created_on_utc']}Z".replace(" ", "T"),
    }


def _spring_page(content: list[Json], total: int, page: int, size: int, sorts: list[Json]) -> Json:
    sort = {"empty": not sorts, "sorted": bool(sorts), "unsorted": not sorts}
    pages = math.ceil(total / size)
    pageable = {
        "pageNumber": page,
        "pageSize": size,
        "sort": sort,
        "offset": page * size,
        "paged": True,
        "unpaged": False,
    }
    return {
        "content": content,
        "pageable": pageable,
        "totalPages": pages,
        "totalElements": total,
        "last": page >= pages - 1,
        "size": size,
        "number": page,
        "sort": sort,
        "numberOfElements": len(content),
        "first": page == 0,
        "empty": not content,
    }


ROUTES: list[Route] = [
    reads("/search", search_any),
    asks("/v2/clients/search", search_clients),
]
HANDLERS: dict[tuple[str, str], Handler] = {}
