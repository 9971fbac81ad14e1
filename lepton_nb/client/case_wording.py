"""Texts of a case with a class each: none empty, none on both sides of the split, and in which language they are.

A text that is judged after it was learnt from is not judged at all, so such a table is refused. In which language a text
is written is guessed from its commonest words, and only ever noted.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from lepton_nb.client.case_images import Unfit
from lepton_nb.client.schema import Case
from lepton_nb.client.words import did_you_mean, quoted, with_article

KEY = "text_column"
#: Common short words by language. What several languages share counts for each of them the less.
COMMON = {
    "English": "the and of to is that it with for was this not you are have but they on in",
    "German": "der die und das ist nicht ein ich mit sie es den auf zu war eine im auch sehr aber",
    "French": "le la les et est une pas que des je dans pour vous il sur avec ce qui très mais",
    "Spanish": "el los las y es una que por con para no se del muy pero lo un como más mi",
    "Italian": "il gli e di che non per una sono con della è ma mi si un molto anche come lo",
    "Dutch": "de het een en van is niet dat ik met op voor te zijn maar ook aan wel er dit",
    "Portuguese": "o os as e é uma não que por com para do da em mas muito foi um ao eu",
    "Swedish": "och att det är som en på inte jag med för av den har till men mycket ett var om",
    "Polish": "i w nie na się jest że to z do ale bardzo jak o po jestem był już tak za",
}
_WEIGHTS: dict[str, dict[str, float]] = {}
for _language, _words in COMMON.items():
    for _word in _words.split():
        _WEIGHTS.setdefault(_word, {})[_language] = 1.0
for _shared in _WEIGHTS.values():
    _shared.update(dict.fromkeys(_shared, 1 / len(_shared)))
#: So much of a text is looked at, and so much more than the second the likeliest language needs.
LOOKED_AT, AHEAD = 400, 1.5
_LETTERS = re.compile(r"[^\W\d_]+")


def keys(case: Case) -> None:
    """Raises Unfit where a case names what its kind does not have."""
    if case.case != "text_classifier" and case.text_column is not None:
        raise Unfit(KEY, f"{with_article(case.case)} has none", 41, "leave it out")


def named(case: Case, header: Sequence[str]) -> None:
    """Whether the column of the texts is named, there, and nothing else. Raises Unfit."""
    name = case.text_column
    if name is None:
        raise Unfit(KEY, "is missing", 2, f"name the column of the texts; there are {', '.join(header[:20])}")
    if name not in header:
        remedy = did_you_mean(name, header) or f"the columns are {', '.join(header[:20])}"
        raise Unfit(KEY, f"{quoted(name)} is not a column of {quoted(case.data)}", 17, remedy)
    others = ("target", "baseline_column", "amount_column", "group_column", "block_column")
    for key in others:
        if case[key] == name:
            raise Unfit(KEY, f"{quoted(name)} is {key} too", 41, "texts stand in a column of their own")


def examined(case: Case, texts: Sequence[str], parts: Any) -> dict[str, Any]:
    """What was found in the texts (n,). parts: (n,) of train, validation, test. Raises Unfit."""
    for line, text in enumerate(texts, start=2):
        if not _LETTERS.search(text):
            found = f"row {line}: {'empty' if not text else f'{quoted(text)} holds no letter'}"
            raise Unfit(KEY, found, 41, "leave out rows without a text")
    _judged_once(texts, [part == "test" for part in parts])
    return languages(texts)


def _judged_once(texts: Sequence[str], test: Sequence[bool]) -> None:
    """Raises Unfit where the same text, however it is spaced and capitalised, stands in the test and before it."""
    alike = [" ".join(text.split()).casefold() for text in texts]
    known = {text: line for line, (text, judged) in enumerate(zip(alike, test, strict=True), start=2) if not judged}
    twice = [
        line for line, (text, judged) in enumerate(zip(alike, test, strict=True), start=2) if judged and text in known
    ]
    if twice:
        more = f" (and {len(twice) - 1:,} more)" if len(twice) > 1 else ""
        found = f"row {twice[0]}: the text of a row of the test stands in row {known[alike[twice[0] - 2]]} too, which is not of the test{more}"
        remedy = "leave out one of the two, or split by a column whose value equal texts share"
        raise Unfit(KEY, found, 125, remedy)


def languages(texts: Sequence[str]) -> dict[str, Any]:
    """The language of most texts, how many are of another, and the first of these; empty where none is recognised.

    >>> languages(["this is the one", "it was not for you", "das ist nicht der eine"])["other_language"]
    1
    """
    found = [language(text) for text in texts]
    counts = Counter(name for name in found if name)
    if not counts:
        return {}
    main = counts.most_common(1)[0][0]
    others = [(line, name) for line, name in enumerate(found, start=2) if name not in ("", main)]
    first = {"other_language_row": others[0][0], "other_language_name": others[0][1]} if others else {}
    return {"language": main, "other_language": len(others)} | first


def language(text: str) -> str:
    """What language, or which script, a text seems to be written in; empty where its beginning does not say.

    >>> language("Das ist nicht der Ort und auch nicht die Zeit"), language("Это очень хорошо"), language("ok 12")
    ('German', 'Cyrillic script', '')
    """
    words = _LETTERS.findall(text[:LOOKED_AT].casefold())
    foreign = Counter(script for script in map(_script, words) if script != "Latin")
    if foreign and foreign.total() > len(words) / 2:
        return f"{foreign.most_common(1)[0][0]} script"
    scores: Counter[str] = Counter()
    for word in words:
        for name, weight in _WEIGHTS.get(word, {}).items():
            scores[name] += weight
    if not scores:
        return ""
    (name, best), (_, second) = (*scores.most_common(2), ("", 0.0))[:2]
    return name if best >= 1.5 and best >= AHEAD * second else ""


def _script(word: str) -> str:
    return unicodedata.name(word[0], "LATIN").split()[0].title()


def noted(found: Mapping[str, Any]) -> str:
    """What a note says of texts in another language than most; empty where there are none."""
    if not found["other_language"]:
        return ""
    row, name = found["other_language_row"], found["other_language_name"]
    return f"{found['other_language']:,} of {found['n']:,} texts do not seem to be in {found['language']} as most are (row {row}: {name})"
