"""Signs of personal data in a table of cases (rule 36): names, e-mail addresses, IBANs. What is found is never repeated."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Sequence
from itertools import zip_longest

from lepton_nb.client.schema import Problem

_PERSONS = (
    "first|last|full|family|given|middle|maiden|customer|client|person|employee|patient|borrower|applicant|holder|user"
)
_HEADER = re.compile(
    rf"(?:^|_)(?:e_?mail|mail|iban|surname|forename|name_of_\w+|(?:{_PERSONS})_?names?|phone|telephone|mobile|street"
    r"|(?:home|postal|street|mail)?_?address|birth_?(?:date|day)|date_of_birth|dob|passport|ssn|national_id"
    r"|account_(?:number|no)|vorname|nachname|prenom|cognome|codice_fiscale|geburtsdatum)(?:_|$)|^(?:nom|nome|names?)$"
)
EMAIL = re.compile(r"[\w.+-]+@[\w-]+\.[\w.-]*\w")
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?: ?[A-Z0-9]{4}){2,7}(?: ?[A-Z0-9]{1,3})?\b")
_WORD = r"[A-ZÀ-ÖØ-Þ](?:[a-zß-öø-ÿ]|['’-][A-Za-zÀ-ÿ])+"
_NAME = re.compile(rf"{_WORD},?(?: (?:[A-Z]\.|{_WORD}|van|von|de|di|del|la)){{1,4}}")
#: From this share of different texts that read like a person's name, a column holds names.
MOST_ARE_NAMES = 0.5
#: So many ids say what the others are.
LOOKED_AT = 2000
REMEDY = "remove personal data; a row number is enough"


def header(name: str) -> bool:
    """Whether a column's name announces personal data.

    >>> [header(name) for name in ("E-mail", "Customer name", "dateOfBirth", "product", "scorecard")]
    [True, True, True, False, False]
    """
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "_", name[:100])
    return bool(_HEADER.search(re.sub(r"[^a-zà-ÿ]+", "_", words.lower()).strip("_")))


def _ibans(text: str) -> Iterator[re.Match]:
    """The IBANs in a text: the pattern and the check digits (ISO 7064, 97-10) agree."""
    for match in _IBAN.finditer(text):
        code = match[0].replace(" ", "")
        if int("".join(str(int(sign, 36)) for sign in code[4:] + code[:4])) % 97 == 1:
            yield match


def personal(text: str) -> bool:
    """Whether a text holds an e-mail address or an IBAN."""
    return bool(EMAIL.search(text)) or next(_ibans(text), None) is not None


#: Numbers that states give to persons, by their written form: US, Switzerland, Italy, France, Spain, Poland, Sweden, UK.
_STATE_NUMBERS = re.compile(
    r"\d{3}-\d{2}-\d{4}|756\.?\d{4}\.?\d{4}\.?\d{2}|[A-Z]{6}\d{2}[A-EHLMPRST]\d{2}[A-Z]\d{3}[A-Z]"
    r"|[12] ?\d{2} ?(?:0[1-9]|1[0-2]) ?\d{2} ?\d{3} ?\d{3} ?\d{2}|[XYZ\d]\d{7}-?[A-HJ-NP-TV-Z]"
    r"|[A-CEGHJ-PR-TW-Z][A-CEGHJ-NPR-TW-Z] ?\d{2} ?\d{2} ?\d{2} ?[A-D]"
)
_BIRTHDAY = re.compile(
    r"[A-Za-zÀ-ÿ]{2,}[ _.,-]*(?:[A-Za-zÀ-ÿ]{2,}[ _.,-]*)?"
    r"(?:19[2-9]\d|20[01]\d)[-_./]?(?:0[1-9]|1[0-2])[-_./]?(?:0[1-9]|[12]\d|3[01])"
    r"|[A-Za-zÀ-ÿ]{2,}[ _.,-]*(?:[A-Za-zÀ-ÿ]{2,}[ _.,-]*)?"
    r"(?:0[1-9]|[12]\d|3[01])[-_./]?(?:0[1-9]|1[0-2])[-_./]?(?:19[2-9]\d|20[01]\d)"
)
#: Ways of writing an id that begin like a name with a birthday.
_NO_NAMES = re.compile(
    r"(?i)(?:case|id|row|lot|batch|order|day|loan|file|img|image|run|test|rec|record|no|nr|scan|part)\b"
)


def _number_of_a_person(different: set[str]) -> str:
    """What most ids look like, if they look like a person's: a state's number, or a name with a birthday."""
    for what, form in (("numbers like those of social security", _STATE_NUMBERS), ("names with birthdays", _BIRTHDAY)):
        if what.startswith("numbers") and len({len(cell) for cell in different}) > 3:
            continue
        alike = [cell for cell in different if form.fullmatch(cell.strip())]
        words = {re.sub(r"[\d_.,/ -]+", " ", cell).strip().lower() for cell in alike}
        if len(alike) >= MOST_ARE_NAMES * len(different) and len(different) > 1:
            if form is _BIRTHDAY and (
                len(words) < max(2, min(10, len(alike) // 4)) or any(map(_NO_NAMES.match, words))
            ):
                continue  # the same word before each date: batches, not people
            return what
    return ""


def _what(cells: Sequence[str], ids: bool) -> tuple[str, int] | None:
    """What a column holds, and the position of the first such cell."""
    if ids and (what := _number_of_a_person({cell for cell in cells[:LOOKED_AT] if cell.strip()})):
        return what, 0
    whole = "".join(cells)
    if "@" not in whole and whole.lower() == whole.upper():
        return None  # no letter, no address: numbers need no closer look
    different = {cell for cell in set(cells) if cell.strip()}
    joined = "\n".join(cell.replace("\n", " ") for cell in different)
    for what, test in (("an e-mail address", EMAIL.search), ("an IBAN", lambda text: next(_ibans(text), None))):
        if test(joined):
            personal_ones = {cell for cell in different if test(cell)}
            return what, next((place for place, cell in enumerate(cells) if cell in personal_ones), 0)
    names = {cell for cell in different if _NAME.fullmatch(cell.strip())}
    # in a column without ids a few different texts are groups ("North Region"), many are persons
    many = ids or len(different) > min(20, len(cells) // 2)
    if names and many and len(names) >= MOST_ARE_NAMES * len(different):
        return "texts that look like names", next(place for place, cell in enumerate(cells) if cell in names)
    return None


def findings(file: str, records: list[list[str]], columns: Iterable[str] = ()) -> Iterator[Problem]:
    """Rule 36: one problem for each column that looks personal. columns: only these; without them: all."""
    names = [name.strip() for name in records[0]] if records else []
    wanted = set(columns) or set(names)
    cells = list(zip_longest(*records[1:], fillvalue="")) if records else []
    for position, name in enumerate(names):
        if name not in wanted:
            continue
        if header(name):
            found = "the column's name speaks of personal data"
            yield Problem(file=file, row=1, column=name, found=found, rule=36, remedy=REMEDY)
            continue
        what = _what(cells[position], name.endswith("id")) if position < len(cells) else None
        if what:
            found = f"holds {what[0]} (not repeated here)"
            yield Problem(file=file, row=what[1] + 2, column=name, found=found, rule=36, remedy=REMEDY)
