"""Every call and every command that the sandbox knows."""

from __future__ import annotations

from mmrecon.sandbox import (
    account_transfers,
    client_commands,
    client_transfers,
    clients,
    datatable_entries,
    datatables,
    days,
    gl,
    groups,
    identifiers,
    journal,
    loan_corrections,
    loan_disbursal,
    loan_products,
    loan_transactions,
    loans,
    maker_checker,
    organisation,
    payment_types,
    people,
    reports,
    savings,
    savings_blocks,
    savings_products,
    savings_search,
    savings_transactions,
    search,
)
from mmrecon.sandbox.call import Handler
from mmrecon.sandbox.routing import Route

MODULES = (
    account_transfers,
    client_commands,
    client_transfers,
    clients,
    datatable_entries,
    datatables,
    days,
    gl,
    groups,
    identifiers,
    journal,
    loan_corrections,
    loan_disbursal,
    loan_products,
    loan_transactions,
    loans,
    maker_checker,
    organisation,
    payment_types,
    people,
    reports,
    savings,
    savings_blocks,
    savings_products,
    savings_search,
    savings_transactions,
    search,
)

ROUTES: list[Route] = [route for module in MODULES for route in module.ROUTES]
HANDLERS: dict[tuple[str, str], Handler] = {
    key: handler for module in MODULES for key, handler in module.HANDLERS.items()
}
