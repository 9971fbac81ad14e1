"""Judgements beside the money: what people think of an asset, on one scale, and how far a ranking can be trusted."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from statistics import fmean
from typing import Any

from lepton_nb.valuation import scoring

#: How the scores are read. Each rule has a test; the scorecard chapter prints them all.
RULES = {
    "Scale": "Innovation, market potential and strategic fit are judged from 0 to 5; several judges of one dimension count "
    "by their mean. Explainability and robustness are entries of the register, on 1 to 5, and are taken as they are.",
    "Complete": "An asset is ranked only with a score in every dimension that has a weight. What is missing is named; it is "
    "never taken as 0 or as the middle.",
    "Weights": "The client's weights, which sum to 1. Where the client compared the dimensions pair by pair, the weights that "
    "follow from the comparisons stand beside them.",
    "Contradiction": "Comparisons with a consistency ratio above 0.10 contradict each other too much: no ranking is drawn.",
    "Stability": "Equal scores share a place: the first place is then tied. Otherwise the weights are varied, and the first "
    "place is stable if it holds in at least 90 % of the draws, leaning from 50 %, open below.",
    "Money": "A score is never turned into money and never added to it.",
}

#: Dimension → column of the register where it is not in scores.csv.
IN_THE_REGISTER = {"explainability": "explainability_1_5", "robustness": "robustness_1_5"}
STABLE, LEANING = 0.90, 0.50


@dataclass(frozen=True)
class Row:
    """One asset's scores by dimension (None: missing) and, if complete, its weighted score with what each adds."""

    asset_id: str
    scores: Mapping[str, float | None]
    judged: Mapping[str, int]  # by dimension, how many people's scores; 0 where it is missing or of the register
    people: tuple[str, ...]  # who judged, each once
    registered: tuple[str, ...]  # dimensions taken from the register
    total: float | None
    contributions: Mapping[str, float]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name, score in self.scores.items() if score is None)

    @property
    def basis(self) -> str:
        """Where the scores come from, such as "3 people, 2 entries of the register"."""
        told = [_counted(len(self.people), "person", "people"), _counted(len(self.registered), "entry", "entries")]
        told[1] += " of the register" if told[1] else ""
        return ", ".join(filter(None, told)) or "nobody"


def _counted(number: int, one: str, many: str) -> str:
    return f"{number} {one if number == 1 else many}" if number else ""


@dataclass(frozen=True)
class Scorecard:
    """All rows, the weights, and the ranking or the sentence that says why there is none."""

    weights: Mapping[str, float]
    rows: tuple[Row, ...]
    comparison: scoring.Ahp | None
    compared: tuple[str, ...]  # dimensions in the order of the comparison's weights
    ranking: tuple[str, ...]
    stability: scoring.RankStability | None
    closeness: Mapping[str, float]  # TOPSIS, beside the weighted sum
    sentence: str

    @property
    def first(self) -> tuple[str, ...]:
        """The asset with the highest score; several if they share it; none where nothing is ranked."""
        totals = {row.asset_id: row.total for row in self.rows if row.total is not None}
        return tuple(name for name in self.ranking if totals[self.ranking[0]] - totals[name] < 1e-9)

    @property
    def places(self) -> tuple[tuple[int, Row], ...]:
        """The ranked assets with their place; equal scores share one (rule Stability)."""
        rows = {row.asset_id: row for row in self.rows}
        ranked = [rows[name] for name in self.ranking]
        return tuple((1 + sum(other.total > row.total + 1e-9 for other in ranked), row) for row in ranked)

    @property
    def leader(self) -> str:
        """The asset whose first place the stability is about; empty where nothing is ranked."""
        complete = [row.asset_id for row in self.rows if row.total is not None]
        return complete[self.stability.first] if self.stability else ""

    @property
    def word(self) -> str:
        """tied, stable, leaning, open, or none where nothing is ranked (rule Stability)."""
        if self.stability is None:
            return "none"
        if len(self.first) > 1:
            return "tied"
        share = self.stability.value
        return "stable" if share >= STABLE else "leaning" if share >= LEANING else "open"


def scorecard(client: Any, draws: int = 10_000, concentration: float = 50.0, seed: int = 0) -> Scorecard:
    """The scorecard of a client. client: parts assets, scores, scorecard_weights, scorecard_comparisons."""
    weights = dict(client.scorecard_weights) if client.scorecard_weights else {}
    rows = tuple(_row(asset, client.scores, weights) for asset in client.assets if _judged(asset, client.scores))
    compared, comparison = _compared(client.scorecard_comparisons)
    complete = [row for row in rows if row.total is not None]
    sentence = _why_not(weights, rows, complete, comparison)
    ranking: tuple[str, ...] = ()
    stability, closeness = None, {}
    if not sentence:
        ranked = sorted(complete, key=lambda row: -round(row.total, 9))
        ranking = tuple(row.asset_id for row in ranked)
        used = [name for name in weights if weights[name] > 0]
        matrix = [[row.scores[name] for name in used] for row in complete]
        shares = [weights[name] for name in used]
        stability = scoring.rank_stability(matrix, shares, draws=draws, concentration=concentration, seed=seed)
        try:
            found = scoring.topsis(matrix, shares)
            closeness = dict(zip((row.asset_id for row in complete), found.closeness, strict=True))
        except scoring.Undefined as why:
            sentence = f"TOPSIS is not defined here: {why}"
    return Scorecard(
        weights=weights,
        rows=rows,
        comparison=comparison,
        compared=compared,
        ranking=ranking,
        stability=stability,
        closeness=closeness,
        sentence=sentence,
    )


def _judged(asset: Any, scores: Any) -> bool:
    return any(score.asset_id == asset.asset_id for score in scores)


def _row(asset: Any, scores: Any, weights: Mapping[str, float]) -> Row:
    found: dict[str, float | None] = {}
    judged: dict[str, int] = {}
    people: dict[str, None] = {}
    registered = []
    for dimension in weights:
        given = [item for item in scores if item.asset_id == asset.asset_id and item.dimension == dimension]
        people |= dict.fromkeys(item.rater for item in given)
        judged[dimension] = len(given)
        found[dimension] = fmean(item.score_0_5 for item in given) if given else None
        if not given and dimension in IN_THE_REGISTER:
            found[dimension] = getattr(asset, IN_THE_REGISTER[dimension])
            registered += [dimension] if found[dimension] is not None else []
    total, contributions = None, {}
    if weights and all(found[name] is not None for name, weight in weights.items() if weight > 0):
        used = {name: score for name, score in found.items() if score is not None}
        result = scoring.weighted_score(used, {name: weights[name] for name in used})
        total, contributions = result.value, result.contributions
    return Row(
        asset_id=asset.asset_id,
        scores=found,
        judged=judged,
        people=tuple(people),
        registered=tuple(registered),
        total=total,
        contributions=contributions,
    )


def _compared(comparisons: Any) -> tuple[tuple[str, ...], scoring.Ahp | None]:
    """The dimensions compared pair by pair, and what follows for their weights."""
    if not comparisons:
        return (), None
    return scoring.ahp_of_pairs({(pair.more, pair.less): pair.times for pair in comparisons})


def _why_not(weights, rows, complete, comparison) -> str:
    if not weights:
        return "No ranking: the client gives no weights (scorecard_weights in client.yml)."
    if not rows:
        return "No ranking: the client gives no scores (scores.csv)."
    if comparison is not None and not comparison.consistent:
        return (
            f"No ranking: the comparisons of the dimensions contradict each other (consistency ratio "
            f"{comparison.consistency_ratio:.2f}, at most {scoring.MOST_INCONSISTENT:.2f}). Rate the pairs again."
        )
    if len(complete) < 2:
        lacking = "; ".join(f"{row.asset_id} lacks {', '.join(row.missing)}" for row in rows if row.missing)
        return f"No ranking: fewer than two assets are scored in every dimension{f' ({lacking})' if lacking else ''}."
    return ""


def findings(client: Any, card: Scorecard) -> list[str]:
    """What was asked and not answered, and what one person alone judged."""
    gaps = [f"{row.asset_id}: no score for {', '.join(map(_plain, row.missing))}." for row in card.rows if row.missing]
    scored = {row.asset_id for row in card.rows}
    unscored = [f"{asset.asset_id} ({asset.kind}): not scored at all." for asset in client.assets
                if asset.kind == "model" and asset.asset_id not in scored]  # fmt: skip
    alone = []
    for row in card.rows:
        single = [_plain(name) for name, count in row.judged.items() if count == 1]
        if single:
            alone.append(f"{row.asset_id}: {', '.join(single)} judged by one person each.")
    return gaps + unscored + alone


def _plain(dimension: str) -> str:
    return dimension.replace("_", " ")
