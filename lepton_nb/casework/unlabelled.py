r"""Value of a model on rows that have no labels yet, estimated from calibrated scores; never a measured figure.

A calibrated score $p_i$ is the chance that row $i$ is positive. What model and baseline decided on it is known, so its
expected gain is $p_i\,(v(1, m_i) - v(1, b_i)) + (1 - p_i)\,(v(0, m_i) - v(0, b_i))$: confidence-based estimation of
performance, in money. It is right where the scores are calibrated on rows like these, and blind where the world changed
in what features mean (a higher share of positives among the same features). Its band holds what the labels may turn out
to be and how well the calibration is known, not such a change; so its error is shown on the test rows.

Source: NannyML, documentation, "How it works: performance estimation" (version 0.8.5), on confidence-based performance
estimation and its limits.
"""

from __future__ import annotations

import numpy as np

from lepton_nb.casework import calibrating, money
from lepton_nb.casework.forms import CaseSet, Estimate, Judged, PerCase
from lepton_nb.value_model.gains import FLAGGED

DRAWS = 200


def estimate(
    judged: Judged,
    scores: np.ndarray,
    baseline: np.ndarray | None = None,
    amounts: np.ndarray | None = None,
    seed: int = 0,
) -> Estimate:
    """Expected counts, rates and gain on rows without labels, with a band.

    scores: (n,) of the model on these rows, as it gives them; baseline: (n,) of 0 and 1, what was decided before (missing:
    the constant decision that the case was judged against); amounts: (n,), where the case has amounts. Raises ValueError
    for decisions, which say nothing of chances, and for scores outside 0..1.
    """
    if judged.scores.decisions:
        raise ValueError("Decisions without scores say nothing of chances: no value can be estimated without labels.")
    found = np.asarray(scores, dtype=np.float64)
    if found.ndim != 1 or len(found) == 0 or not np.isfinite(found).all() or found.min() < 0 or found.max() > 1:
        raise ValueError("scores must be one number within 0..1 for every row.")
    case = judged.case
    before = _before(judged, baseline, len(found))
    weights = _weights(case, amounts, len(found))
    gain, chances = _gain(judged, found, before, weights, seed)
    flagged = found >= judged.cutoff.value
    hits, positives = float(chances[flagged].sum()), float(chances.sum())
    on_test = measured = error = within = None
    words = f"Estimated, not measured: on {len(found):,} rows without labels {positives:,.0f} positives are expected"
    if gain is not None:
        test = case.test
        own = _before(judged, test.baseline, len(test))
        on_test, _ = _gain(judged, judged.scores.test, own, _weights(case, test.amounts, len(test)), seed)
        measured = judged.gain_by_rows.value
        error, within = on_test.value - measured, on_test.low <= measured <= on_test.high
        unit = f"{case.currency or 'money'} per decision"
        words += (
            f" and a gain of {money.said(gain.value, '.4g')} {unit} ({money.said(gain.low, '.4g')} to {money.said(gain.high, '.4g')}, 90 %). On the {len(test):,} test "
            f"rows, estimated in the same way without their labels, it is {money.said(on_test.value, '.4g')}; measured are {money.said(measured, '.4g')}, "
            f"{'inside' if within else 'outside'} the band"
        )
    return Estimate(
        n=len(found), flagged=int(flagged.sum()), positives=positives,
        recall=hits / positives if positives > 0 else None,
        precision=hits / int(flagged.sum()) if flagged.any() else None,
        gain=gain, measured=measured, on_test=on_test, error=error, within=within, sentence=words + ".",
    )  # fmt: skip


def _before(judged: Judged, baseline: np.ndarray | None, n: int) -> np.ndarray:
    if baseline is None:
        if judged.case.test.baseline is not None:
            raise ValueError("baseline must be given: the case was judged against a decision that varies by row.")
        return np.full(n, money.better_constant(judged.case, judged.case.train))
    given = np.asarray(baseline)
    if given.shape != (n,) or not np.isin(given, (0, 1)).all():
        raise ValueError(f"baseline must be 0 or 1 for each of the {n} rows. Received: {given.shape}")
    return given.astype(np.int64)


def _weights(case: CaseSet, amounts: np.ndarray | None, n: int) -> np.ndarray:
    if case.test.amounts is None:
        return np.ones(n)
    if amounts is None or np.shape(amounts) != (n,):
        raise ValueError(f"amounts must be given for each of the {n} rows: the money of this case depends on them.")
    return np.asarray(amounts, dtype=np.float64)


def _gain(
    judged: Judged, scores: np.ndarray, before: np.ndarray, weights: np.ndarray, seed: int
) -> tuple[PerCase | None, np.ndarray]:
    """The estimated gain per row with its band, and the calibrated chances.

    Band: the calibration is fitted again on resampled validation rows, and the labels are drawn from its chances.
    """
    case, repair = judged.case, judged.repair
    mend = np.asarray if repair is None or repair.mend is None else repair.mend
    chances = np.clip(mend(scores), 0.0, 1.0)
    if case.money is None:
        return None, chances
    worth = money.most_likely(case)
    flagged = (scores >= judged.cutoff.value).astype(np.int64)
    table = {y: np.array([worth[FLAGGED[y, 0]], worth[FLAGGED[y, 1]]]) for y in (1, 0)}  # by what was decided
    value = {y: weights * (table[y][flagged] - table[y][before]) for y in (1, 0)}
    expected = chances * value[1] + (1 - chances) * value[0]
    generator = np.random.default_rng(seed)
    drawn = np.empty(DRAWS)
    fits = _refits(judged, generator)
    for place in range(DRAWS):
        again = np.clip(fits[place % len(fits)](scores), 0.0, 1.0) if fits else chances
        labels = generator.random(len(scores)) < again
        drawn[place] = np.where(labels, value[1], value[0]).mean()
    centre = float(expected.mean())
    drawn += centre - drawn.mean() if not fits else 0.0
    low, high = np.quantile(drawn, [0.05, 0.95])
    return PerCase(
        value=centre, low=min(float(low), centre), high=max(float(high), centre), below_zero=float((drawn < 0).mean()),
        n=len(scores), method="estimated from calibrated scores, without labels",
    ), chances  # fmt: skip


def _refits(judged: Judged, generator: np.random.Generator, repeats: int = 40) -> list:
    """The calibration, fitted on resampled validation rows; where none was needed, Platt's stands for how well it is known."""
    seen, repair = judged.scores.validation, judged.repair
    if seen is None or repair is None or repair.mend is None:
        return []
    y = judged.case.validation.y
    fit = calibrating.METHODS[repair.method if repair.method in calibrating.METHODS else "Platt's"]
    found = []
    while len(found) < repeats:
        rows = generator.integers(0, len(y), len(y))
        if len(np.unique(y[rows])) == 2:
            found.append(fit(seen[rows], y[rows]))
    return found
