"""Where the data of a page come from: one function for every chapter and every page of a case."""

from __future__ import annotations

from typing import Any

from lepton_nb.page import render, words


def origin(*loaded: Any) -> render.Html:
    """Where sets of data come from, with their terms; those that stand in for others are named in one banner.

    loaded: each with title, source and stand_in; spoken, its name within a sentence, of a stand-in; licence where it is
    published. Anything that data sets and cases are (``datasets.Dataset``, ``casework.CaseSet``, a set of pictures).
    """
    made = [one for one in loaded if one.stand_in]
    parts = [render.banner("Stand-in data.", _in_place(made), "stand-in")] if made else []
    parts += [render.note(f"{one.title}: {one.source}.{_terms(one)}") for one in loaded if not one.stand_in]
    return render.join(*parts)


def _in_place(made: list[Any]) -> str:
    """What stands for what; that no number which rests on it is one of the real data."""
    told = words.sentence("; ".join(f"{one.title} in place of {one.spoken} ({one.source})" for one in made))
    real = made[0].spoken if len(made) == 1 else "the real data"
    return f"{told} No number on this page that rests on them is a result on {real}."


def _terms(one: Any) -> str:
    licence = getattr(one, "licence", "")
    return f" Terms: {licence}." if licence else ""
