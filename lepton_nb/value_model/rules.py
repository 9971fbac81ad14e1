"""How a client's figures are read, in words. Each rule has a test; the value chapter prints them all."""

RULES = {
    "Valuation date": "It splits the world. Actual costs before it are sunk: they serve the cost approach, the books, and the "
    "tax that their amortisation still saves. Forecast costs dated on or after it count, running costs only after it: "
    "one dated on that day pays for the days before. What is left out is listed.",
    "Years": "A benefit year holds the figure of a whole calendar year; of the first and the last year only the days that count "
    "do (ACT/365F: 184/365 for 30 June), a whole year counts 1. A running cost given by its year is read in the same way; a "
    "dated one counts in full at its date. What lies after the horizon is left out and listed; nothing is extrapolated.",
    "Timing": "mid_year: a period's benefits and tax fall on the middle of that period, which may be short; end: on its "
    "last day. Costs given by date fall on it, costs given by year on the day of the benefits.",
    "Economic life": "A benefit ends on the day on which the useful life of the asset that earns it ends, counted from its first "
    "use, and the running costs of the asset, and of what serves it alone, end with it: of that year's costs the share of its "
    "days counts. beyond_useful_life: keep, with a reason, keeps them. A group is run only as long as the rest of its most "
    "likely flows after tax is worth more than stopping: later years are cut and listed; where that leaves "
    "no benefit the group is not supported. loss_years: run, with a reason, keeps them.",
    "Basis": "Investment value and value in use are the owner's: the amortisation of his books saves tax, a buyer's does not "
    "count. Market value and fair value are a market participant's: no books of the owner; where the tax law grants it, the "
    "tax that a buyer saves by amortising the price raises the value. The price is one: where the mean of the draws is above "
    "zero all of them are raised in the same proportion, else nobody pays and nothing is saved. One quantity has one figure; another basis stands "
    "beside it under its own name.",
    "One benefit": "volume × unit value × attribution × adoption. metric_link confusion or measured: the unit value is the measured "
    "gain per case of the model over its baseline, from paired counts where given. metric_link acceptance: unit value × the "
    "measured share accepted. metric_link trial: the unit value is the mean gain per unit of metrics/trials.csv; where that counts an effect, unit value × the effect.",
    "Measured": "metric_link measured: the evaluation is what the asset's case gave in this report, on the client's own data and "
    "by the client's model. It counts in place of what was typed for that asset, which stands beside it and counts nowhere; "
    "months that the case measured give the decay in place of typed monitoring. A case that no benefit links to is shown "
    "and counts nowhere. Where the case was not executed, the asset's first typed evaluation with money per outcome counts, "
    "and a note says so. Measured or typed on public data, not the client's own, the gain has the grade public data. "
    "Measured on a stand-in for data that are not there, it is no evidence: the gain has the grade stand-in. Benefits of either grade do "
    "not count as measured where assets are weighed.",
    "Decay": "What decays is the money gained over the baseline: 2^(−age / half-life), averaged over the days that count. The "
    "age runs from the date of the evaluation; without one, from the valuation date or the start of the first year in use "
    "(adoption above 0), whichever is later. The stated half-life is used where it has a basis (half_life_basis), else "
    "the measured one where a fall is shown, else the stated one. It is "
    "measured from all months, weighted by their n: on the gain in money where hits and false alarms are both monitored, else "
    "on the margin of a rate over the baseline's own. A metric that cannot be mapped to money, and months that set no upper end to the decay, move nothing. "
    "Without a half-life nothing decays.",
    "Retraining": "Where retrain_every_months is given the age starts again on these days, counted from the evaluation (else "
    "from the first use), and each training costs retrain_cost.",
    "Substitution": "An offer marked as a substitute in market.csv caps what the owner would lose: the yearly benefit of the "
    "asset counts at most its yearly price, by the days that count. A price by volume costs in each year what that year's "
    "volume takes, and moves with it where the volume is drawn; a year without such a volume takes that of the first whole "
    "year. Of several substitutes the one counts that costs least over all years.",
    "Tax": "Tax is charged each calendar year on benefits less running costs and amortisation. Running costs are what is "
    "expensed at once: research, operation, decommissioning, and development of an asset already in use. Amortisation is "
    "that of the books: what was capitalised before the valuation date and is planned to be, in a straight line over the "
    "useful life from the month of use (not yet in use: from January of the first year with a benefit, or from the "
    "month of the last development planned in that year). It is taken to count for tax as it does in the books. The "
    "amortisation of an asset that may still fail counts times its chance. A loss is carried forward within its group and "
    "not set against other profits of the company. Where prices are real, a charge and a loss carried forward are money "
    "of the day on which they were paid or made: inflation since then is taken out of both.",
    "Technical success": "p_technical_success multiplies what comes after success (benefits, operation, decommission) "
    "and not the research and development up to it. In the simulation success is drawn: it happens in that share of "
    "the draws.",
    "Rate": "One rate a group, which its assets bear together: the mean of the cost of capital plus the premium of each asset "
    "(of its kind, and its specific ones), weighted by their values; values and rate are solved together. Of a charge that the group cannot pay in full "
    "the unpaid share hangs on the benefits: it counts with the highest return of what earns. Research, "
    "development and decommissioning are paid whatever the benefits turn out to be: they are discounted at the cost of "
    "capital without a premium. Retraining, leases and other running costs end with the use and bear the rate of the group.",
    "Asset values": "Assets connected by feeds form a group. A benefit counts only where the asset that earns it and all that "
    "feed it are present. The group is what is decided on. Within it, an asset that only serves others earns its charges, at "
    "most what replacing it costs; what earns takes the rest; where the reconciliation concludes less, the difference "
    "stands under together. The parts sum to the group and are the same on every page.",
    "Evidence": "A grade widens a row's range around its most likely value and never moves it: measured as given, pilot × 1.25, "
    "expert × 1.5, vendor × 2, unless client.yml says otherwise. A range does not cross zero, a share not 1; what "
    "that cuts off at one end is taken from the other, down to the range as given. The measured gain "
    "of a row, and a share accepted, have the grade of the row and are widened by the same factor; money per outcome has its own grade.",
    "Uncertainty": "Drawn is what has a range, a test, a chance or a measured decay: low, most likely and high as a triangular distribution, one draw "
    "per driver and quantity, and per asset and kind of cost, for all years; a test set's counts from the Dirichlet "
    "distribution of counts + ½ (pairs where given, else both margins independently), an acceptance share from the Beta "
    "distribution of its counts + ½, a trial's gain from the normal distribution of its standard error; technical success; the decay within its measured interval; the client's scenarios by "
    "their probability. The value is the mean of these draws, its range their 5 and 95 % points. The case of most likely "
    "figures stands beside it. Not drawn: attribution, adoption and shares given as one figure; rate and half-life are a matrix beside it, useful lives a table.",
    "Scenarios": "A scenario multiplies benefits and costs, of all assets or of those it names. Each draw falls into one of "
    "them; beside it stands what each would bring, everything else at its most likely value.",
    "Verdict": "Of a group, by P(value < 0): at most 1 % almost surely positive, 10 % likely positive, 50 % open, above not "
    "supported. A draw that loses without discounting counts as below zero too: a higher rate makes late losses small and must "
    "not make the word better. How wide the value is, is said apart. Not shown, with a range in place of the number: the 90 % interval of "
    "the gain per case of a test set behind it holds zero, or a case behind it has too few rows of a class for a conclusion. Withheld: an asset of the group that earns, or that one which "
    "earns needs, is prohibited or its legal control unclear; an evaluation behind it is older than two years. A group that "
    "is not shown or withheld is no part of the total.",
    "Prohibited": "An asset in the class prohibited by the EU AI Act has no value as a going concern: what stopping it costs "
    "counts, and every benefit that needs it is left out.",
}

#: How the evidence behind a gain is read. Each rule has a test; the chapter prints them all.
EVIDENCE_RULES = {
    "Which table decides": "Where the paired counts are given, they decide: model and baseline judged the same cases, so "
    "most of what one got wrong the other got wrong too, and only the cases decided differently say which is better. "
    "Without them the two margins are taken as independent, and the page says what that costs in width.",
    "Intervals": "Gains: 5 to 95 % of the posterior, the shares of the cells being Dirichlet with counts + ½, at the most likely "
    "money per outcome; where said, the money is drawn too (triangular low, most likely, high). Rates: Wilson, 90 %.",
    "Gain": "Shown: the whole 90 % interval of the deciding table lies above zero. Not shown: it holds zero. Against: it "
    "lies below. No conclusion: it was measured by a case whose test holds fewer than 30 positive or negative rows.",
    "Threshold": "The probability from which on a flag pays follows from the money per outcome alone, if the scores are "
    "probabilities; the calibration is shown. A cut chosen on the very cases that judge it looks too good: each fifth of "
    "the cases is judged with the cut that is best on the other four. In use is the cut that flags the same share of "
    "cases as the evaluation did. Another cut is called better only if its 90 % interval against the cut in use lies "
    "above zero.",
    "Break-even": "Recall (or the share accepted) is lowered alone, false alarms as measured: first to where the model is no "
    "better than its baseline, then to where its group is worth as much without it and what serves it alone, "
    "then to where the group is worth nothing; expected values, all else drawn.",
    "Half-life": "Of the gain over the baseline, by the rule Decay of the value: least squares of an exponential on all months, "
    "weighted by their n, with the 90 % interval of the profile likelihood; the error of the baseline's own rate is in it. "
    "Where a fall is not shown, the interval has no upper end.",
    "Economic life": "A model should be replaced or stopped when a year's benefit no longer covers a year's running costs "
    "of what it needs: half-life × log2(benefit today / running costs), from the valuation date; the benefit before the price of a substitute caps it.",
    "Groups": "Shares flagged by group are compared only where every group has at least 30 cases.",
}
