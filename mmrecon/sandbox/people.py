"""Users, roles and permissions (fineract-api.md 1.2)."""

from __future__ import annotations

from mmrecon.sandbox.auth import hashed
from mmrecon.sandbox.call import Call, Command, Handler, Outcome, Subject
from mmrecon.sandbox.database import Row, Session
from mmrecon.sandbox.fields import Fields
from mmrecon.sandbox.organisation import office_or_404
from mmrecon.sandbox.refusals import integrity, not_found
from mmrecon.sandbox.routing import Route, reads, writes
from mmrecon.sandbox.values import Json, compact


def _role_or_404(session: Session, role_id: int) -> Row:
    row = session.row("m_role", role_id)
    if row is None:
        said = f"Role with identifier {role_id} does not exist"
        raise not_found("error.msg.role.id.invalid", said, role_id)
    return row


def _role(row: Row) -> Json:
    return {
        "id": row["id"],
        "name": row["name"],
        "description": row["description"],
        "disabled": bool(row["is_disabled"]),
    }


def list_roles(call: Call) -> list[Json]:
    """``GET /roles``."""
    return [_role(row) for row in call.session.all("select * from m_role order by id")]


def get_role(call: Call, role_id: int) -> Json:
    """``GET /roles/{id}``."""
    return _role(_role_or_404(call.session, role_id))


def get_role_permissions(call: Call, role_id: int) -> Json:
    """``GET /roles/{id}/permissions``."""
    row = _role_or_404(call.session, role_id)
    sql = """
        select p.*, rp.role_id is not null as selected from m_permission p
        left join m_role_permission rp on rp.permission_id = p.id and rp.role_id = ?
        order by p."grouping", coalesce(p.entity_name, ''), p.code
    """
    usage = [_permission(p, selected=p["selected"]) for p in call.session.all(sql, (role_id,))]
    return {**_role(row), "permissionUsageData": usage}


def _permission(row: Row, *, selected: int) -> Json:
    return compact(
        {
            "grouping": row["grouping"],
            "code": row["code"],
            "entityName": row["entity_name"],
            "actionName": row["action_name"],
            "selected": bool(selected),
        }
    )


def post_role(call: Call) -> Command:
    """``POST /roles``."""
    del call
    return Command("CREATE", "ROLE")


def put_role_permissions(call: Call, role_id: int) -> Command:
    """``PUT /roles/{id}/permissions``."""
    del call
    return Command("PERMISSIONS", "ROLE", Subject(resource_id=role_id))


def _create_role(call: Call) -> Outcome:
    fields = Fields(call.body(), "role")
    fields.only({"name", "description"})
    name = fields.text("name", required=True, longest=100)
    description = fields.text("description", required=True, longest=500)
    fields.finish()
    if call.session.value("select 1 from m_role where name = ?", (name,)):
        said = f"Role with name `{name}` already exists"
        raise integrity("error.msg.role.duplicate.name", said, "name", (name,))
    role_id = call.session.insert("m_role", {"name": name, "description": description})
    return {"resourceId": role_id}


def _permission_ids(session: Session, codes: list[str]) -> list[int]:
    ids = []
    for code in codes:
        found = session.value("select id from m_permission where code = ?", (code,))
        if found is None:
            said = f"Permission with Code {code} does not exist"
            raise not_found("error.msg.permission.code.invalid", said, code)
        ids.append(int(found))
    return ids


def _set_role_permissions(call: Call) -> Outcome:
    session, role_id = call.session, call.subject.resource_id or 0
    _role_or_404(session, role_id)
    wanted = call.body().get("permissions") or {}
    ids = _permission_ids(session, list(wanted))
    for permission_id, on in zip(ids, wanted.values(), strict=True):
        pair = (role_id, permission_id)
        session.run("delete from m_role_permission where role_id = ? and permission_id = ?", pair)
        if on:
            row = {"role_id": role_id, "permission_id": permission_id}
            session.insert("m_role_permission", row)
    return {"resourceId": role_id, "changes": {"permissions": wanted}}


def list_permissions(call: Call) -> list[Json]:
    """``GET /permissions``; with ``makerCheckerable=true`` those that may need a checker."""
    sql = "select * from m_permission order by \"grouping\", coalesce(entity_name, ''), code"
    rows = call.session.all(sql)
    if not call.flag("makerCheckerable"):
        return [_permission(row, selected=1) for row in rows]
    return [
        _permission(row, selected=row["can_maker_checker"])
        for row in rows
        if row["grouping"] != "special"
        and row["action_name"] != "READ"
        and not row["action_name"].endswith("_CHECKER")
    ]


def put_permissions(call: Call) -> Command:
    """``PUT /permissions``: which commands need a checker."""
    del call
    return Command("UPDATE", "PERMISSION")


def _update_permissions(call: Call) -> Outcome:
    wanted = call.body().get("permissions") or {}
    changed: Json = {}
    ids = _permission_ids(call.session, list(wanted))
    for permission_id, (code, on) in zip(ids, wanted.items(), strict=True):
        sql = "select can_maker_checker from m_permission where id = ?"
        if bool(call.session.value(sql, (permission_id,))) != bool(on):
            columns = {"can_maker_checker": bool(on)}
            call.session.update("m_permission", permission_id, columns)
            changed[code] = bool(on)
    return {"changes": {"permissions": changed} if changed else {}}


def _user(session: Session, row: Row) -> Json:
    sql = """
        select r.* from m_role r join m_appuser_role ur on ur.role_id = r.id
        where ur.appuser_id = ? order by r.id
    """
    office = office_or_404(session, row["office_id"])
    return compact(
        {
            "id": row["id"],
            "username": row["username"],
            "officeId": row["office_id"],
            "officeName": office["name"],
            "firstname": row["firstname"],
            "lastname": row["lastname"],
            "email": row["email"],
            "passwordNeverExpires": False,
            "selectedRoles": [_role(role) for role in session.all(sql, (row["id"],))],
            "isSelfServiceUser": False,
        }
    )


def list_users(call: Call) -> list[Json]:
    """``GET /users``."""
    sql = """
        select u.* from m_appuser u join m_office o on o.id = u.office_id
        where not u.is_deleted and o.hierarchy like ? order by u.username
    """
    rows = call.session.all(sql, (call.user.hierarchy + "%",))
    return [_user(call.session, row) for row in rows]


def get_user(call: Call, user_id: int) -> Json:
    """``GET /users/{id}``."""
    return _user(call.session, _user_or_404(call.session, user_id))


def _user_or_404(session: Session, user_id: int) -> Row:
    row = session.row("m_appuser", user_id)
    if row is None or row["is_deleted"]:
        said = f"User with identifier {user_id} does not exist"
        raise not_found("error.msg.user.id.invalid", said, user_id)
    return row


def post_user(call: Call) -> Command:
    """``POST /users``."""
    del call
    return Command("CREATE", "USER")


def put_user(call: Call, user_id: int) -> Command:
    """``PUT /users/{id}``."""
    del call
    return Command("UPDATE", "USER", Subject(resource_id=user_id))


USER_FIELDS = {
    "username",
    "firstname",
    "lastname",
    "email",
    "password",
    "repeatPassword",
    "officeId",
    "staffId",
    "roles",
    "sendPasswordToEmail",
    "passwordNeverExpires",
    "isSelfServiceUser",
    "clients",
    "locale",
}


def _create_user(call: Call) -> Outcome:
    session = call.session
    fields = Fields({"locale": "en", **call.body()}, "user")
    fields.only(USER_FIELDS)
    office_id = fields.integer("officeId", required=True)
    row = {
        "username": fields.text("username", required=True, longest=100),
        "firstname": fields.text("firstname", required=True, longest=100),
        "lastname": fields.text("lastname", required=True, longest=100),
        "email": fields.text("email"),
        "office_id": office_id,
        "password": hashed(fields.text("password", required=True) or ""),
    }
    roles = fields.body.get("roles") or []
    if not roles:
        fields.missing("roles")
    if fields.body.get("password") != fields.body.get("repeatPassword"):
        said = "The parameter `password` must be equal to `repeatPassword`."
        fields.complain("password", "not.equal.to.repeatPassword", said)
    fields.finish()
    office_or_404(session, office_id)
    if session.value("select 1 from m_appuser where username = ?", (row["username"],)):
        said = f"User with username {row['username']} already exists."
        code = "error.msg.user.duplicate.username"
        raise integrity(code, said, "username", (row["username"],))
    user_id = session.insert("m_appuser", row)
    _set_roles(session, user_id, roles)
    return {"officeId": row["office_id"], "resourceId": user_id}


def _set_roles(session: Session, user_id: int, roles: list[int | str]) -> None:
    session.run("delete from m_appuser_role where appuser_id = ?", (user_id,))
    for role in roles:
        _role_or_404(session, int(role))
        session.insert("m_appuser_role", {"appuser_id": user_id, "role_id": int(role)})


def _update_user(call: Call) -> Outcome:
    user_id = call.subject.resource_id or 0
    row = _user_or_404(call.session, user_id)
    fields = Fields({"locale": "en", **call.body()}, "user")
    fields.only(USER_FIELDS)
    columns: Json = {}
    for name in ("firstname", "lastname", "email"):
        if fields.given(name):
            columns[name] = fields.text(name, longest=100)
    changes = dict(columns)
    if fields.given("password"):
        columns["password"] = hashed(fields.text("password", required=True) or "")
    if fields.given("roles"):
        _set_roles(call.session, user_id, fields.body["roles"])
        changes["roles"] = fields.body["roles"]
    fields.finish()
    if columns:
        call.session.update("m_appuser", user_id, columns)
    return {"officeId": row["office_id"], "resourceId": user_id, "changes": changes}


ROUTES: list[Route] = [
    reads("/roles", list_roles, "ROLE"),
    reads("/roles/<int:role_id>", get_role, "ROLE"),
    reads("/roles/<int:role_id>/permissions", get_role_permissions, "PERMISSION"),
    writes("POST", "/roles", post_role),
    writes("PUT", "/roles/<int:role_id>/permissions", put_role_permissions),
    reads("/permissions", list_permissions, "PERMISSION"),
    writes("PUT", "/permissions", put_permissions),
    reads("/users", list_users, "USER"),
    reads("/users/<int:user_id>", get_user, "USER"),
    writes("POST", "/users", post_user),
    writes("PUT", "/users/<int:user_id>", put_user),
]
HANDLERS: dict[tuple[str, str], Handler] = {
    ("CREATE", "ROLE"): _create_role,
    ("PERMISSIONS", "ROLE"): _set_role_permissions,
    ("UPDATE", "PERMISSION"): _update_permissions,
    ("CREATE", "USER"): _create_user,
    ("UPDATE", "USER"): _update_user,
}
