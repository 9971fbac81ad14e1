"""Words and limits that several parts of the package must agree on. Imports nothing but the standard library."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

#: Outcomes of a decision on one case, in the order of a confusion matrix.
OUTCOMES = ("tp", "fp", "fn", "tn")
#: How the words of a sample begin whose money is weighted to the share of positive cases in use.
WEIGHTED = "money weighted from"
#: How the name of an evaluation begins that a case of the client gave.
MEASURED = "measured:"
#: Outcomes of a case that is positive; the others are those of a negative one.
OF_POSITIVES = ("tp", "fn")
#: Grades of evidence, from the strongest; each widens a range by its own factor.
GRADES = ("measured", "pilot", "expert", "vendor")
#: Grade of a gain that was measured on made-up data in place of those that are not there: no evidence.
STAND_IN = "stand-in"
#: Grade of a gain that was measured on public data in place of the client's own.
PUBLIC = "public data"
#: How the source of data begins that the client brought; other data are public and stand for the client's own.
CLIENT_FILE = "the client's file "
#: Name of the error by which a chapter says that what the client brought cannot be used, as is seen only when it runs.
NOT_USABLE = "NotUsable"
#: Checks of a case that make the whole measurement doubtful, wherever its figures go.
SEEN_BEFORE, LEAKAGE = "seen before", "leakage"
DOUBTS = (SEEN_BEFORE, LEAKAGE)
#: Fewest positive, and fewest negative, rows of a case's test on which a conclusion is drawn.
FEWEST_OF_A_CLASS = 30
#: Monitored metrics that are shares of cases, so that outcome values can turn them into money.
RATES = ("recall", "false_alarm_rate", "specificity", "precision", "accuracy", "flagged_share", "acceptance")
#: Monitored metrics that no outcome value turns into money: they are shown.
OTHER_METRICS = ("auc", "gini", "brier", "log_loss", "f1", "mae", "rmse", "mape", "bleu")
#: Classes of personal data to which data protection law applies.
PERSONAL = ("personal", "special_category", "pseudonymised")
#: Kinds of options.
OPTION_KINDS = ("defer", "expand", "abandon", "switch", "stage")


def class_weights(seen: float, in_use: float) -> dict[str, float]:
    r"""What the money of each outcome of a test is multiplied by, so that its mean is that of the cases in use.

    A mean over the test is $\pi_t\,\bar v_1 + (1-\pi_t)\,\bar v_0$, with $\pi_t$ its share of positive cases and
    $\bar v_y$ the money of a case of class y; in use it is $\pi\,\bar v_1 + (1-\pi)\,\bar v_0$. seen, in_use: $\pi_t$
    and $\pi$, between 0 and 1.

    >>> class_weights(0.5, 0.1)
    {'tp': 0.2, 'fp': 1.8, 'fn': 0.2, 'tn': 1.8}
    """
    return {name: in_use / seen if name in OF_POSITIVES else (1 - in_use) / (1 - seen) for name in OUTCOMES}


@dataclass(frozen=True)
class RatesInUse:
    """Fractions of all cases, or of the flagged ones, at another share of positive cases."""

    flagged: float
    precision: float | None  # None: nothing is flagged
    accuracy: float


def rates_in_use(recall: float, false_alarm_rate: float, prevalence: float) -> RatesInUse:
    """What recall r and false-alarm rate f make of a share π of positive cases: flagged π r + (1−π) f, precision
    π r / flagged, accuracy π r + (1−π)(1−f). Recall and false-alarm rate are taken to stay as they are.

    All arguments are fractions in 0..1. Reference: Bayes' theorem.

    >>> found = rates_in_use(0.8, 0.1, 0.2)
    >>> round(found.flagged, 3), round(found.precision, 3), round(found.accuracy, 3)
    (0.24, 0.667, 0.88)
    """
    flagged = prevalence * recall + (1 - prevalence) * false_alarm_rate
    right = prevalence * recall
    return RatesInUse(flagged, right / flagged if flagged else None, right + (1 - prevalence) * (1 - false_alarm_rate))


def singular(noun: str) -> str:
    """A plain singular, so that units can be compared and one of them named.

    >>> singular("castings"), singular("boxes"), singular("inquiries"), singular("glass"), singular("section hours")
    ('casting', 'box', 'inquiry', 'glass', 'section hour')
    """
    word = " ".join(noun.replace("_", " ").split())
    for ending, plain in (("ies", "y"), ("xes", "x"), ("ches", "ch"), ("shes", "sh"), ("sses", "ss")):
        if word.endswith(ending):
            return word.removesuffix(ending) + plain
    return word if word.endswith("ss") else word.removesuffix("s")


#: Written in capitals wherever they come as a part of a name.
CAPITALS = (
    "ai",
    "api",
    "auc",
    "bleu",
    "brier",
    "eu",
    "f1",
    "gdpr",
    "gpu",
    "ias",
    "ifrs",
    "ivs",
    "mae",
    "map",
    "mape",
    "psi",
    "rmse",
    "roc",
    "ssim",
    "wacc",
    "xgb",
)

DAYS = 365  # of a year: ACT/365F
SMALLEST_GROUP = 30  # cases; below, rates by group are withheld
SMALLEST_BASELINE = 40  # cases; with so few or fewer no conclusion rests on a baseline
MOST_INCONSISTENT = 0.10  # consistency ratio of pairwise comparisons (Saaty)
STALE_AFTER = 365  # days from an evaluation to the valuation date: a note
WITHHELD_AFTER = 730  # days: a conclusion that rests on the evaluation is withheld
LEAST_CONTRAST = 4.5  # of text and its ground (WCAG 2.2, 1.4.3)


def too_few(count: int) -> bool:
    """Whether so many test rows of one class are too few for a conclusion.

    >>> too_few(29), too_few(30)
    (True, False)
    """
    return count < FEWEST_OF_A_CLASS


def spoken(name: str) -> str:
    """A name of the client's files as words of a sentence.

    >>> spoken("licence_api"), spoken("credit_decisions")
    ('licence API', 'credit decisions')
    """
    return " ".join(word.upper() if word in CAPITALS else word for word in name.replace("_", " ").split(" "))


def years_between(first: date, second: date) -> float:
    """Years from one day to another, ACT/365F; negative when the second is earlier."""
    return (second - first).days / DAYS


def years_later(day: date, years: float) -> date:
    """The day ``years`` after ``day``; 29 February becomes 28 where it must; years of 365.25 days for a fraction.

    >>> years_later(date(2024, 2, 29), 1), years_later(date(2024, 1, 1), 0.5)
    (datetime.date(2025, 2, 28), datetime.date(2024, 7, 2))
    """
    whole = int(min(years, 1000))
    part = timedelta(days=round((min(years, 1000) - whole) * 365.25))
    year = day.year + whole
    leap = year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
    return day.replace(year=year, day=28 if (day.month, day.day) == (2, 29) and not leap else day.day) + part


def contrast(colour: str, ground: str = "#ffffff") -> float:
    """Contrast ratio of two colours ``#rrggbb`` by WCAG 2.2: 1 (the same) to 21 (black on white).

    >>> contrast("#000000"), round(contrast("#777777"), 2)
    (21.0, 4.48)
    """

    def luminance(code: str) -> float:
        parts = [int(code[place : place + 2], 16) / 255 for place in (1, 3, 5)]
        red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
        return 0.2126 * red + 0.7152 * green + 0.0722 * blue

    lighter, darker = sorted((luminance(colour), luminance(ground)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


#: Grounds of text, as book/_static/lepton.css sets them: page, side, warning, good. A test compares.
LIGHT_GROUNDS = ("#ffffff", "#f5f7f9", "#fdf5e3", "#eaf5ef")
DARK_GROUNDS = ("#12161b", "#1a2027", "#2b2415", "#15271e")
#: How much of an accent is in the ground of what it marks.
LIGHT_TINT, DARK_TINT = 0.08, 0.18


def mixed(colour: str, other: str, share: float) -> str:
    """``share`` of a colour mixed with another, each ``#rrggbb``, as CSS mixes in sRGB.

    >>> mixed("#000000", "#ffffff", 0.5)
    '#808080'
    """
    pairs = [(int(colour[at : at + 2], 16), int(other[at : at + 2], 16)) for at in (1, 3, 5)]
    return "#" + "".join(f"{round(share * one + (1 - share) * two):02x}" for one, two in pairs)


def worst_ground(colour: str, dark: bool = False) -> tuple[float, str]:
    """The lowest contrast that a colour has as text on the report's pages of a theme, and the ground that it has there."""
    grounds, tint = (DARK_GROUNDS, DARK_TINT) if dark else (LIGHT_GROUNDS, LIGHT_TINT)
    return min((contrast(colour, ground), ground) for ground in (*grounds, mixed(colour, grounds[0], tint)))
