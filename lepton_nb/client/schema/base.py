"""What every type of a client is made of: frozen values, fields with words and units, three points."""

# No "from __future__ import annotations" here: pydantic would compile each annotation from its text,
# which doubles the time of the import.

from typing import Any, Literal, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

MONEY = "money of the client"


class Frozen(BaseModel):
    """A typed value that cannot be changed; ``part["name"]`` reads the same as ``part.name``."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    def __getitem__(self, name: str) -> Any:
        return getattr(self, name)


class ThreePoint(NamedTuple):
    """An uncertain number: the lowest, the most likely and the highest that is credible."""

    low: float
    mode: float
    high: float


#: Grade of evidence, from the strongest.
Grade = Literal["measured", "pilot", "expert", "vendor"]

Dimension = Literal["innovation", "market_potential", "strategic_fit", "explainability", "robustness"]


def one_or_three(one: float | None, low: float | None, mode: float | None, high: float | None) -> ThreePoint | None:
    """One figure, or three; None when neither is given.

    >>> one_or_three(0.5, None, None, None), one_or_three(None, 1, 2, 3)
    (ThreePoint(low=0.5, mode=0.5, high=0.5), ThreePoint(low=1, mode=2, high=3))
    """
    if one is not None:
        return ThreePoint(one, one, one)
    return None if None in (low, mode, high) else ThreePoint(low, mode, high)


def column(description: str, unit: str = "", **settings: Any) -> Any:
    """A key or column with the words and the unit that the template prints. ``default=`` makes it optional."""
    return Field(description=description, json_schema_extra={"unit": unit}, **settings)
