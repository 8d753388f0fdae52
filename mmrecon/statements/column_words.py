"""Names that columns have in exports of English, French, Swahili and Portuguese portals.

They only make guesses for a draft; a layout in use has the names of its own export.
"""

from __future__ import annotations

import re
import unicodedata
from typing import Final

_CAMEL: Final = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")
_PARTICLE: Final = re.compile(r"\b(?:d|de|du|des|l|la|le) (?=\w{2})")
_NO_WORD: Final = re.compile(r"[^a-z0-9]+")
_ALONE: Final = frozenset(
    {
        "id", "account", "from", "sender", "name", "nom", "type", "kind", "service", "operation",
        "nature", "client", "customer", "payer", "payeur", "value", "valeur", "memo", "credit",
        "debit", "deposit", "withdrawal", "reference", "state", "tel", "fee", "charge",
    }
)  # fmt: skip
"""Words that say nothing where they are only a part of a name."""
_WHOLE: Final = 30
_PART: Final = 15

COLUMNS: Final[dict[str, str]] = {
    "receipt": "receipt|receipt no|txn no|txn ref|trans no|transaction code|"
    "receipt number|transaction id|trans id|txn id|transaction no|"
    "transaction number|transaction ref|transaction reference|id|identifiant|numero operation|"
    "no operation|n operation|operation id|id operation|id transaction|numero transaction|"
    "numero de transaction|reference operation|reference transaction|ref operation|numero recu|"
    "financial transaction id|mpesa code|piece|numero piece|numero da transacao|namba ya muamala",
    "completed_at": "completion time|completed at|completed|date|time|timestamp|transaction date|"
    "trans date|trans time|date operation|date d operation|date transaction|date de transaction|"
    "date heure|date et heure|created at|created|datetime|date time|date and time|posting date|"
    "booking date|payment date|horodatage|tarehe|data hora",
    "initiated_at": "initiation time|initiated at|requested at|date initiation",
    "status": "status|statut|state|etat|transaction status|estado|hali",
    "reason_type": "type|transaction type|txn type|type operation|type d operation|kind|"
    "type de transaction|nature|nature operation|operation|service|service type|category|"
    "categorie|reason type|tipo",
    "details": "details|description|libelle|narration|narrative|particulars|remarks|message|"
    "motif|note|communication|maelezo|descricao",
    "party_id": "phone|msisdn|mobile|mobile number|phone number|telephone|tel|numero telephone|"
    "numero de telephone|payer msisdn|sender|from|sender msisdn|payer phone|payer mobile|"
    "customer phone|customer msisdn|numero payeur|numero client|payer|payeur|customer|party id|"
    "payer party id|simu",
    "party_name": "name|payer name|payer user name|customer name|nom|nom client|nom du client|"
    "nom payeur|from name|nom du payeur|sender name|full name|client|client name|jina|nome",
    "reference": "reference|account reference|account ref|bill ref number|bill reference|account|"
    "account no|account number|reference client|compte client|numero compte|numero de compte|"
    "no compte|customer reference|payment reference|member number|external reference|ref client|"
    "memo|reference payeur",
    "linked_receipt": "linked transaction id|original transaction id|original receipt|"
    "transaction origine|reversed transaction",
    "external_id": "external id|external transaction id|merchant reference|id externe",
    "currency": "currency|devise|monnaie|ccy|moeda|sarafu",
    "direction": "direction|sens|dr cr|cr dr|debit credit|credit debit|d c|c d|sign|signe",
    "account": "merchant code|short code|shortcode|business short code|paybill|till number|"
    "wallet|wallet id|merchant account|compte marchand|code marchand|merchant id",
    "in": "paid in|money in|credit|credits|deposit|deposits|entree|entrees|encaissement|"
    "montant credit|credit amount|received|amount in|credito",
    "out": "withdrawn|paid out|money out|debit|debits|withdrawal|withdrawals|sortie|sorties|"
    "decaissement|montant debit|debit amount|amount out|debito",
    "amount": "amount|montant|transaction amount|trans amount|amount paid|montant transaction|"
    "valeur|value|gross amount|montant brut|kiasi|valor",
    "balance": "balance|solde|running balance|balance after|solde apres|solde apres operation|"
    "new balance|nouveau solde|post balance|salio|saldo|account balance",
    "before": "balance before|solde avant|previous balance|pre balance|ancien solde",
    "fee": "fee|fees|charge|charges|frais|commission|service charge|taxe|tax|taxes|tva|levy|ada",
}
LABELS: Final[dict[str, str]] = {
    "account": "account|account number|account no|compte|numero de compte|numero compte|wallet|"
    "short code|shortcode|merchant code|code marchand|msisdn|compte marchand",
    "currency": "currency|devise|monnaie",
    "opening": "opening balance|solde initial|solde d ouverture|solde ouverture|solde precedent|"
    "balance brought forward|solde de depart",
    "closing": "closing balance|solde final|solde de cloture|solde cloture|solde de fin",
    "total_in": "total credit|total credits|total paid in|total in|total entrees|total des credits",
    "total_out": "total debit|total debits|total withdrawn|total paid out|total out|"
    "total sorties|total des debits",
    "reported_at": "report date|printed on|generated on|date edition|date d edition|edite le",
}


def plain(name: str) -> str:
    """A name without accents, case and marks: `transactionId` and `N° d'opération` alike."""
    apart = unicodedata.normalize("NFKD", _CAMEL.sub(" ", name))
    letters = "".join(letter for letter in apart if not unicodedata.combining(letter))
    words = " ".join(_NO_WORD.sub(" ", letters.casefold()).split())
    return _PARTICLE.sub("", words)


def likeness(name: str, field: str, words: dict[str, str] = COLUMNS) -> int:
    """How much a name says a field: 30 and more for the whole name, less for a part, 0 for no."""
    said = plain(name)
    best = 0
    for phrase in map(plain, words[field].split("|")):
        weight = len(phrase.split())
        if said == phrase:
            best = max(best, _WHOLE + weight)
        elif phrase not in _ALONE and f" {phrase} " in f" {said} ":
            best = max(best, _PART + weight)
    return best
