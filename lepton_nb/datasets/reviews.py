"""Film reviews, praise or blame: sentences of critics, long texts of viewers, and a small grammar in place of both."""

from __future__ import annotations

import lzma
from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once
from lepton_nb.datasets._tables import pick, read_columns

__all__ = ["IMDB_REVIEWS", "RT_POLARITY", "TEXT"]

#: Texts of any length: a fixed width would take the longest one's room for each.
TEXT = np.dtypes.StringDType()

#: Words of the grammar. Praise and blame turn round behind "not", so that single words do not tell all.
PARTS = (
    "plot",
    "cast",
    "story",
    "script",
    "camera",
    "music",
    "ending",
    "dialogue",
    "hero",
    "pace",
    "humour",
    "first hour",
)
PRAISE = (
    "wonderful", "moving", "clever", "gripping", "warm", "funny", "brilliant", "fresh", "rich", "charming", "honest",
    "touching", "elegant", "vivid", "superb",
)  # fmt: skip
BLAME = (
    "dull", "awful", "tired", "clumsy", "boring", "hollow", "messy", "stale", "shallow", "lazy", "weak", "dreadful",
    "flat", "pointless", "silly",
)  # fmt: skip
DEGREES = ("", "", "very ", "really ", "quite ", "rather ", "at times ", "always ")
TURNS = ("not ", "never ", "hardly ", "anything but ")
LOVES = (
    "i would watch it again", "a small masterpiece", "well worth the ticket", "it stays with you for days",
    "i laughed all the way", "do not miss it",
)  # fmt: skip
HATES = (
    "i want my money back", "a waste of an evening", "i nearly fell asleep", "it goes on forever", "stay away",
    "i left before the end",
)  # fmt: skip
PLAIN = (
    "it was filmed in the north", "the director made two films before", "we saw it on a rainy sunday",
    "it lasts about two hours", "the book came out long ago", "my friends chose it", "the story begins in a small town",
)  # fmt: skip


def _one(generator: np.random.Generator, words) -> str:
    return words[generator.integers(len(words))]


def _clause(generator: np.random.Generator, likes: bool) -> str:
    """``the plot is rather dull``; in three clauses of ten the opposite is denied: ``the plot is hardly moving``."""
    turned = generator.random() < 0.3
    word = _one(generator, PRAISE if likes != turned else BLAME)
    return f"the {_one(generator, PARTS)} is {_one(generator, TURNS if turned else DEGREES)}{word}"


def _sentence(generator: np.random.Generator, likes: bool) -> str:
    """One sentence; where it has a "but", what follows decides."""
    kind = generator.random()
    if kind < 0.2:
        return f"{_one(generator, LOVES if likes else HATES)} ."
    if kind < 0.5:
        return f"{_clause(generator, not likes)} , but {_clause(generator, likes)} ."
    if kind < 0.8:
        return f"{_clause(generator, likes)} and {_clause(generator, likes)} ."
    return f"{_one(generator, PLAIN)} , and {_clause(generator, likes)} ."


def sentences_of_a_grammar() -> dict[str, np.ndarray]:
    """1,200 made-up sentences of critics, half of them praise; one label in twenty is wrong."""
    generator = np.random.default_rng(18)
    likes = np.arange(1_200) % 2
    texts = [_sentence(generator, bool(like)) for like in likes]
    wrong = generator.random(len(likes)) < 0.05
    return {"label": np.where(wrong, 1 - likes, likes).astype(np.int64), "text": np.array(texts, TEXT)}


def reviews_of_a_grammar() -> dict[str, np.ndarray]:
    """1,200 made-up reviews of four to nine sentences, three of four on the side of the label; half are the test."""
    generator, n = np.random.default_rng(28), 1_200
    likes = np.arange(n) % 2
    texts = []
    for like in likes:
        sides = np.where(generator.random(generator.integers(4, 10)) < 0.75, like, 1 - like)
        parts = [_one(generator, PLAIN).capitalize() + "."]
        parts += [_sentence(generator, bool(side)).removesuffix(" .").capitalize() + "." for side in sides]
        texts.append("<br /><br />".join((" ".join(parts[:3]), " ".join(parts[3:]))))
    marks = pick(generator, {1: 1, 2: 1, 3: 1, 4: 1}, n)
    return {
        "split": np.where(np.arange(n) < n // 2, "train", "test"),
        "id": np.arange(n),
        "label": likes.astype(np.int64),
        "rating": np.where(likes == 1, marks + 6, marks).astype(np.int64),
        "text": np.array(texts, TEXT),
    }


def read_sentences(path: Path) -> dict[str, np.ndarray]:
    """Label (1 = praise) and sentence, lower-case, its words and signs apart."""
    arrays = read_columns(path)
    return {"label": arrays["label"], "text": arrays["text"].astype(TEXT)}


def read_reviews(path: Path) -> dict[str, np.ndarray]:
    """Split, number, label (1 = praise), rating and text of each review; line breaks stay as ``<br />``."""
    import csv

    with lzma.open(path, "rt", encoding="utf-8", newline="") as stream:
        header, *rows = csv.reader(stream)
    columns = dict(zip(header, zip(*rows, strict=True), strict=True))
    numbers = {name: np.array(columns[name], np.int64) for name in ("id", "label", "rating")}
    return {"split": np.array(columns["split"]), **numbers, "text": np.array(columns["text"], TEXT)}


GRAMMAR = "a small grammar of praise and blame in this project"
LABEL = {"label": "praise"}

RT_POLARITY = Entry(
    title="Rotten Tomatoes, sentences of critics",
    file="rt_polarity.csv.gz",
    size=492_072,
    sha256="5ee7927ecdee7d3fa0c413e1a9b6b36c3ecbcf3e488c621d3a436ad1da9a03f1",
    source="B. Pang, L. Lee, Seeing stars: Exploiting class relationships for sentiment categorization, ACL 2005",
    licence="unclear: no licence stated",
    read=read_sentences,
    arrays={"label": ("int64", (10_662,)), "text": ("StringDType()", (10_662,))},
    stand_in=StandIn(
        "made-up sentences of critics", GRAMMAR, "that of this project", made_once(sentences_of_a_grammar)
    ),
    spoken="Rotten Tomatoes",
    meanings=LABEL,
)

IMDB_REVIEWS = Entry(
    title="Large Movie Review Dataset (IMDB)",
    file="imdb_reviews.csv.xz",
    size=18_517_256,
    sha256="d8c3499caead291db0dadd1f8502975be614758d440f1b6db4aa34777f1b4cd0",
    source="A. Maas and others, Learning Word Vectors for Sentiment Analysis, ACL 2011",
    licence="unclear: no licence stated; citation asked for",
    read=read_reviews,
    arrays={
        "split": ("<U5", (50_000,)),
        "id": ("int64", (50_000,)),
        "label": ("int64", (50_000,)),
        "rating": ("int64", (50_000,)),
        "text": ("StringDType()", (50_000,)),
    },
    stand_in=StandIn("made-up reviews of viewers", GRAMMAR, "that of this project", made_once(reviews_of_a_grammar)),
    spoken="IMDB",
    meanings=LABEL,
)
