"""What the words of an unknown export mean: statuses, directions, kinds of line."""

from __future__ import annotations

import re
from typing import Final

from mmrecon.model.line import LineClass
from mmrecon.statements.column_words import plain

_FINAL: Final = re.compile(
    r"\b(?:completed?|success(?:ful)?|succes|reussie?|paid|payee?|terminee?|effectuee?|validee?|"
    r"confirmed|confirmee?|ok|approved|settled|posted|executed|executee?|imekamilika|concluido)\b"
)
_NON_FINAL: Final = re.compile(
    r"\b(?:fail(?:ed|ure)?|echec|echouee?|pending|attente|en cours|cancell?ed|annulee?|rejected|"
    r"rejetee?|expired|expiree?|declined|initiated|timeout|error|erreur|imeshindikana|falhou)\b"
)
_NOT: Final = re.compile(r"\b(?:not|non|pas|un|never|partial(?:ly)?)\b")
_IN: Final = re.compile(r"\b(?:c|cr|credit|crediteur|in|incoming|received|entree|deposit|depot)\b")
_OUT: Final = re.compile(r"\b(?:d|dr|debit|debiteur|out|outgoing|sent|sortie|withdrawal|retrait)\b")
_COLLECTION: Final = (
    r"payment|deposit|versement|depot|paiement|collect|receiv|encaiss|pay ?bill|pay ?in\b|c2b"
)
_CLASSES: Final[tuple[tuple[LineClass, str, int], ...]] = (
    (LineClass.REVERSAL, r"revers|annul|refund|rembours|chargeback|estorno", 0),
    (LineClass.CHARGE, r"\bfees?\b|charge|\bfrais\b|commission|\btax|\btva\b|\blevy\b|agios", -1),
    (LineClass.COLLECTION, _COLLECTION, 1),
    (LineClass.PAYOUT, r"withdraw|retrait|pay ?out|disburs|decaiss|b2c", -1),
)


def is_final(word: str) -> bool | None:
    """Whether a status says that the money has moved for good; None for an unknown word."""
    said = plain(word)
    if _NOT.search(said):
        return None
    if _NON_FINAL.search(said):
        return False
    return True if _FINAL.search(said) else None


def way_of(word: str) -> str:
    """`in` or `out`; nothing for a word that does not say it surely."""
    if word in ("+", "-"):
        return "in" if word == "+" else "out"
    said = plain(word)
    coming, going = bool(_IN.search(said)), bool(_OUT.search(said))
    if coming == going:
        found = {sign for _, pattern, sign in _CLASSES if re.search(pattern, said)}
        coming, going = found == {1}, found == {-1}
    return "in" if coming else "out" if going else ""


def class_of(word: str, sign: int) -> LineClass | None:
    """The class that a word surely says of money of this sign (0: not known); None for no class."""
    said = plain(word)
    found = [(name, told) for name, pattern, told in _CLASSES if re.search(pattern, said)]
    if not found:
        return None
    name, told = found[0]
    if len(found) > 1 and name is not LineClass.REVERSAL and name is not LineClass.CHARGE:
        return None
    return name if sign == 0 or told in (0, sign) else None
