"""Found values and their remedies in words: quotes, near names, letters that only look like the right ones."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Iterable
from typing import Any

PLAIN_NUMBER = re.compile(r"[+-]?(\d+(\.\d*)?|\.\d+)([eE][+-]?\d{1,3})?", re.ASCII)
#: Letters of other scripts that look like these.
_LOOK = {
    "А": "A", "В": "B", "Е": "E", "К": "K", "М": "M", "Н": "H", "О": "O", "Р": "P", "С": "C", "Т": "T", "Х": "X",
    "І": "I", "Ј": "J", "Ѕ": "S", "У": "Y", "а": "a", "е": "e", "о": "o", "р": "p", "с": "c", "у": "y", "х": "x",
    "і": "i", "ј": "j", "ѕ": "s", "к": "k", "м": "m", "т": "t", "Α": "A", "Β": "B", "Ε": "E", "Ζ": "Z", "Η": "H",
    "Ι": "I", "Κ": "K", "Μ": "M", "Ν": "N", "Ο": "O", "Ρ": "P", "Τ": "T", "Υ": "Y", "Χ": "X", "ο": "o", "ν": "v",
    "ı": "i", "–": "-", "—": "-", "−": "-", "‐": "-", "‑": "-", "’": "'", "‘": "'",
}  # fmt: skip


def printable(text: str, length: int = 500) -> str:
    """A text as one printable line: control characters (a terminal would obey them) become ``?``, long text is cut."""
    line = "".join(character if character.isprintable() else "?" for character in text[: length + 1])
    return line[:length] + "…" if len(line) > length else line


def quoted(value: Any) -> str:
    """A found value, short, in quotes unless it is a number."""
    if isinstance(value, dict | list | tuple):
        return "a mapping" if isinstance(value, dict) else "a list"
    text = printable(str(value), 60)
    return text if PLAIN_NUMBER.fullmatch(text) else f'"{text}"'


def with_article(noun: str) -> str:
    """A noun with its article.

    >>> with_article("audio_classifier"), with_article("forecaster")
    ('an audio_classifier', 'a forecaster')
    """
    return f"{'an' if noun[:1].lower() in set('aeiou') else 'a'} {noun}"


def did_you_mean(word: str, known: Iterable[str]) -> str:
    """``did you mean "costs.csv"?``, or empty when nothing known is near."""
    near = difflib.get_close_matches(word[:80].lower(), list(known), n=1, cutoff=0.6)
    return f'did you mean "{near[0]}"?' if near else ""


class Refused(ValueError):
    """One value is refused: what was found, the number of the rule, what to do."""

    def __init__(self, found: str, rule: int, remedy: str):
        super().__init__(f"{found}; {remedy}")
        self.found, self.rule, self.remedy = found, rule, remedy


def plain_letters(text: str) -> str:
    """A text with look-alikes of other scripts, full-width letters and invisible characters in their plain form.

    >>> plain_letters("М1"), plain_letters("Ｃ１"), plain_letters("A\\u200b1")
    ('M1', 'C1', 'A1')
    """
    whole = unicodedata.normalize("NFKC", text)
    return "".join(_LOOK.get(sign, sign) for sign in whole if unicodedata.category(sign) not in ("Cf", "Cc")).strip()


def strange_letter(text: str) -> str:
    """Which character of a text is not the plain one that it looks like; empty where all are plain.

    >>> strange_letter("М1")
    'its character 1 is CYRILLIC CAPITAL LETTER EM: write "M1"'
    """
    for place, sign in enumerate(text, start=1):
        plain = plain_letters(sign)
        if plain != sign and sign != " ":
            name = unicodedata.name(sign, f"U+{ord(sign):04X}")
            return f"its character {place} is {name}: write {quoted(plain_letters(text))}"
    return ""
