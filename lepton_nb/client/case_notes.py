"""Notes on the cases of a client that never block: what stands in for what a case does not say, what is left out.

Like ``advice.py``: a note is a function in ``CASE_NOTES`` that gets a sound draft and yields warnings.
"""

from __future__ import annotations

from collections.abc import Iterator

from lepton_nb.client import case_wording
from lepton_nb.client.cases import CLASSIFIERS
from lepton_nb.client.drafts import Draft
from lepton_nb.client.schema import Case, CaseData, Problem
from lepton_nb.client.words import quoted


def ids_left_out(draft: Draft) -> Iterator[Problem]:
    """Rule 123: columns of whole numbers that look like ids."""
    for index, case in enumerate(draft.cases):
        if names := ", ".join(quoted(name) for name in case.like_ids if name != case.joined_by):
            found = f"{names} of {quoted(case.path)}: whole numbers, all different or nearly; taken for ids, no model sees them"
            remedy = "nothing to do if they are; write leave_out_columns: [] if they are quantities, or list what to leave out"
            yield draft.in_yml(("cases", index, "leave_out_columns"), found, 123, remedy)


def without_a_baseline(draft: Draft) -> Iterator[Problem]:
    """Rule 29: a case without the decisions that its model replaces."""
    said = draft.sections.get("cases", ())
    for index, (case, found) in enumerate(zip(said, draft.cases, strict=True)):
        if case.case in CLASSIFIERS and case.baseline_column is None and (found.target or found.kind != "measurements"):
            where = "column of clips" if case.case == "audio_classifier" else "column"
            remedy = f"name the {where} with today's decisions, 0 or 1 a row"
            yield draft.in_yml(("cases", index, "baseline_column"), _stand_in(case, found), 29, remedy)


def cannot_be_foretold(draft: Draft) -> Iterator[Problem]:
    """Rule 124: users of one choice, and items of the test that nobody chose before."""
    for index, case in enumerate(draft.cases):
        if case.single_users:
            found = f"{case.single_users} of {case.users} users chose one item: nobody learns from them, and they are not judged"
            yield draft.in_yml(
                ("cases", index, "user_column"), found, 124, "nothing to do; more of their events would help"
            )
        if case.unseen_items:
            found = f"{case.unseen_items} of {case.items} items were first chosen on or after {case.test_from}: no list made from behaviour holds them"
            yield draft.in_yml(
                ("cases", index, "item_column"), found, 124, "nothing to do; say how new items are shown"
            )


def of_several_languages(draft: Draft) -> Iterator[Problem]:
    """Rule 126: texts that seem to be of another language than most."""
    for index, case in enumerate(draft.cases):
        if told := case_wording.noted(case):
            remedy = "nothing to do if that is meant: words of a language with few texts are hardly learnt; else leave them out, or make a case a language"
            yield draft.in_yml(("cases", index, "text_column"), told, 126, remedy)


def taken_as_known_ahead(draft: Draft) -> Iterator[Problem]:
    """Rule 127: columns of a forecaster that a forecast sees before their time."""
    for index, case in enumerate(draft.cases):
        if names := ", ".join(quoted(name) for name in case.known_columns or ()):
            found = f"{names} of {quoted(case.path)}: a forecast sees them up to {case.horizon} steps before their time"
            remedy = "right for a calendar and for what is planned; take out what is measured only then, as the weather"
            yield draft.in_yml(("cases", index, "known_columns"), found, 127, remedy)


def same_moments(draft: Draft) -> Iterator[Problem]:
    """Rule 128: rows of a detector that have one time."""
    for index, case in enumerate(draft.cases):
        if case.same_times:
            rows = "1 row has" if case.same_times == 1 else f"{case.same_times:,} rows have"
            found = f"{rows} the time of the row before (in {quoted(case.path)} first row {case.same_time_row})"
            remedy = "nothing to do where several machines are measured at once; else leave out what stands there twice"
            yield draft.in_yml(("cases", index, "time_column"), found, 128, remedy)


def heard_before(draft: Draft) -> Iterator[Problem]:
    """Rule 129: groups of sounds, as speakers, that are learnt from and judged on."""
    for index, case in enumerate(draft.cases):
        if case.heard_before:
            name = case.group_column
            found = (
                f"{case.heard_before} of {case.groups} values of {quoted(name)} have sounds in the test and before it"
            )
            remedy = (
                f"right where use hears the same ones again; for new ones write split: {{by: {name}, test_share: 0.3}}"
            )
            yield draft.in_yml(("cases", index, "split"), found, 129, remedy)


def _stand_in(case: Case, found: CaseData) -> str:
    """Which decision for all rows stands in, and what is between it and a model that is always right, per decision."""
    worth, share = case.outcome_value, case.positive_share
    if share is None and found.positives is not None:
        share = found.positives / found.n
    if worth is None or share is None or case.amount_column is not None:
        return (
            "is missing: flagging nobody, or everybody, stands in for today's decisions, and the whole gain hangs on it"
        )
    mode = {name: worth[name].mode for name in ("tp", "fn", "fp", "tn")}
    nobody = share * mode["fn"] + (1 - share) * mode["tn"]
    everybody = share * mode["tp"] + (1 - share) * mode["fp"]
    name = "flagging everybody" if everybody > nobody else "flagging nobody"
    best = share * mode["tp"] + (1 - share) * mode["tn"]
    stand_in = max(nobody, everybody)
    return (
        f"is missing: {name} stands in for today's decisions ({stand_in:,.4g} per decision), and the whole gain hangs on "
        f"it, up to {best - stand_in:,.4g} per decision"
    )


CASE_NOTES = (
    ids_left_out, without_a_baseline, cannot_be_foretold, of_several_languages, taken_as_known_ahead, same_moments, heard_before,
)  # fmt: skip
