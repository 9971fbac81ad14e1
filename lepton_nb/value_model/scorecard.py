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
    "by their mean. Explainability and robustness stand in the register on 1 to 5 and are taken as they are.",
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
    judges: Mapping[str, int]
    total: float | None
    contributions: Mapping[str, float]

    @property
    def missing(self) -> tuple[str, ...]:
        return tuple(name for name, score in self.scores.items() if score is None)


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
    return Scorecard(weights, rows, comparison, compared, ranking, stability, closeness, sentence)


def _judged(asset: Any, scores: Any) -> bool:
    return any(score.asset_id == asset.asset_id for score in scores)


def _row(asset: Any, scores: Any, weights: Mapping[str, float]) -> Row:
    found: dict[str, float | None] = {}
    judges: dict[str, int] = {}
    for dimension in weights:
        given = [s.score_0_5 for s in scores if s.asset_id == asset.asset_id and s.dimension == dimension]
        if not given and dimension in IN_THE_REGISTER:
            registered = getattr(asset, IN_THE_REGISTER[dimension])
            given = [] if registered is None else [registered]
        found[dimension] = fmean(given) if given else None
        judges[dimension] = len(given)
    if not weights or any(found[name] is None for name, weight in weights.items() if weight > 0):
        return Row(asset.asset_id, found, judges, None, {})
    used = {name: score for name, score in found.items() if score is not None}
    result = scoring.weighted_score(used, {name: weights[name] for name in used})
    return Row(asset.asset_id, found, judges, result.value, result.contributions)


def _compared(comparisons: Any) -> tuple[tuple[str, ...], scoring.Ahp | None]:
    """The dimensions compared pair by pair, and what follows for their weights."""
    if not comparisons:
        return (), None
    names = tuple(dict.fromkeys(name for pair in comparisons for name in (pair.more, pair.less)))
    matrix = [[1.0] * len(names) for _ in names]
    for pair in comparisons:
        more, less = names.index(pair.more), names.index(pair.less)
        matrix[more][less], matrix[less][more] = float(pair.times), 1.0 / pair.times
    return names, scoring.ahp(matrix)


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
