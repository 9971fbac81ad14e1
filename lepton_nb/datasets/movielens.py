"""Ratings of films by users with their times, and the films with their kinds; made-up ones in their place.

The real files may be used for research only, and must not be passed on: no row of them is in this project.
"""

from __future__ import annotations

import numpy as np

from lepton_nb.datasets._base import Entry, StandIn, made_once
from lepton_nb.datasets._tables import pick, read_columns

__all__ = ["MOVIELENS", "MOVIELENS_FILMS", "genre_table"]

#: The stand-in: users, films, days over which the users come, and the kinds that a film can have.
MADE_USERS, MADE_FILMS, MADE_DAYS = 400, 300, 200
MADE_GENRES = (
    "Action",
    "Animation",
    "Comedy",
    "Crime",
    "Documentary",
    "Drama",
    "Horror",
    "Musical",
    "Romance",
    "Sci-Fi",
)
LICENCE = (
    "research only; no redistribution and no commercial use without permission of GroupLens, University of Minnesota"
)
SOURCE = "F. M. Harper, J. A. Konstan, The MovieLens Datasets: History and Context, ACM TiiS 5(4), 2015; GroupLens"


def genre_table(genres: np.ndarray) -> tuple[np.ndarray, tuple[str, ...]]:
    """Kinds of each film as a table: (n, kinds) float64 of 0 and 1, and the names of its columns.

    genres: (n,) texts, kinds separated by a vertical bar.
    """
    kinds = [set(text.split("|")) - {""} for text in genres]
    names = tuple(sorted(set().union(*kinds)))
    return np.array([[name in own for name in names] for own in kinds], float).reshape(len(kinds), len(names)), names


@made_once
def made_films() -> dict[str, np.ndarray]:
    """300 made-up films of one to three kinds; numbers from 1 on, in the order of the ratings' numbers."""
    generator = np.random.default_rng(35)
    genres = [
        "|".join(sorted(generator.choice(MADE_GENRES, generator.integers(1, 4), replace=False)))
        for _ in range(MADE_FILMS)
    ]
    year = generator.integers(1960, 1998, MADE_FILMS)
    number = np.arange(1, MADE_FILMS + 1)
    return {
        "item": number,
        "title": np.array([f"Made film {one} ({when})" for one, when in zip(number, year, strict=True)]),
        "release_date": np.array([f"01-Jan-{when}" for when in year]),
        "genres": np.array(genres),
    }


def _visit(generator: np.random.Generator, drawn: np.ndarray, first: float) -> np.ndarray:
    """Times of one user's ratings in seconds: one evening, or several, a few seconds between two ratings."""
    evenings = np.sort(first + 86_400 * 7 * np.arange(pick(generator, {1: 60, 2: 25, 4: 15}, 1)[0]))
    place = np.sort(generator.integers(0, len(evenings), len(drawn)))
    return (evenings[place] + np.cumsum(generator.integers(1, 40, len(drawn)))).astype(np.int64)


@made_once
def made_ratings() -> dict[str, np.ndarray]:
    """Ratings of made-up films by 400 made-up users, in the order of time.

    A few films are known to all, most to few. A user has a liking for two or three kinds and for films that come from
    the same hidden corner as those before; he rates what he chose, and rates higher what he likes. Users come over 200
    days, most for one evening.
    """
    generator = np.random.default_rng(3_500)
    table, _ = genre_table(made_films()["genres"])
    fame = -0.9 * np.log(generator.permutation(MADE_FILMS) + 3.0)
    corners = generator.normal(0, 1, (MADE_FILMS, 4))
    rows = []
    for user in range(1, MADE_USERS + 1):
        liking = table @ generator.normal(0, 0.8, table.shape[1]) + corners @ generator.normal(0, 0.9, 4)
        count = min(20 + int(generator.lognormal(2.2, 1.0)), MADE_FILMS // 2)
        order = np.argsort(-(fame + liking + generator.gumbel(size=MADE_FILMS)))[:count]  # drawn without replacement
        drawn = order[generator.permutation(count)]
        stars = np.clip(np.round(3.4 + 0.5 * liking[drawn] + generator.normal(0, 0.8, count)), 1, 5)
        when = _visit(generator, drawn, 874_000_000 + 86_400 * generator.uniform(0, MADE_DAYS))
        rows.append(np.stack([np.full(count, user), drawn + 1, stars.astype(np.int64), when]))
    user, item, rating, timestamp = np.concatenate(rows, axis=1)
    order = np.argsort(timestamp, kind="stable")
    columns = {"user": user, "item": item, "rating": rating, "timestamp": timestamp}
    return {name: column[order].astype(np.int64) for name, column in columns.items()}


MOVIELENS = Entry(
    title="MovieLens 100K, ratings of films",
    file="movielens_100k.csv.gz",
    size=828_313,
    sha256="b37a13fc24e315b059cb4574ce6e225217f4d0bafb17e06d2579710ae7a0a5e6",
    source=SOURCE,
    licence=LICENCE,
    read=read_columns,
    arrays=dict.fromkeys(("user", "item", "rating", "timestamp"), ("int64", (100_000,))),
    stand_in=StandIn.own("Made-up ratings of made-up films", made_ratings),
    spoken="MovieLens",
    research_only=True,
    meanings={"rating": "how many stars a user gave", "timestamp": "when, in seconds since 1970"},
)

MOVIELENS_FILMS = Entry(
    title="MovieLens 100K, the films",
    file="movielens_100k_items.csv.gz",
    size=28_461,
    sha256="a7355f6c7656c60baa4e2bb84bd19d9b9266155dae6de16f6709f571f7369cfb",
    source=SOURCE,
    licence=LICENCE,
    read=read_columns,
    arrays={
        "item": ("int64", (1_682,)),
        "title": ("<U81", (1_682,)),
        "release_date": ("<U11", (1_682,)),
        "genres": ("<U50", (1_682,)),
    },
    stand_in=StandIn.own("Made-up films", made_films),
    spoken="MovieLens films",
    research_only=True,
    meanings={"genres": "kinds of a film, separated by a vertical bar"},
)
