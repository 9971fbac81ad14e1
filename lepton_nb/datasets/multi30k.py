"""English and French sentence pairs: Multi30k (captions of photographs), WMT news test sets, and a small grammar."""

from __future__ import annotations

import gzip
from pathlib import Path

import numpy as np

from lepton_nb.datasets._base import DataProblem, Entry, StandIn

#: Words of the grammar. Nouns: English singular and plural, French singular and plural, gender.
PERSONS = (
    ("man", "men", "homme", "hommes", "m"),
    ("woman", "women", "femme", "femmes", "f"),
    ("boy", "boys", "garçon", "garçons", "m"),
    ("girl", "girls", "fille", "filles", "f"),
    ("dog", "dogs", "chien", "chiens", "m"),
    ("cat", "cats", "chat", "chats", "m"),
)
OFFICES = (
    ("bank", "banks", "banque", "banques", "f"),
    ("minister", "ministers", "ministre", "ministres", "m"),
    ("company", "companies", "entreprise", "entreprises", "f"),
    ("court", "courts", "tribunal", "tribunaux", "m"),
)
THINGS = (
    ("hat", "chapeau", "m"),
    ("coat", "manteau", "m"),
    ("shirt", "chemise", "f"),
    ("bag", "sac", "m"),
    ("umbrella", "parapluie", "m"),
    ("scarf", "écharpe", "f"),
)
#: English; French masculine and feminine, singular then plural. The first group stands before the noun in French.
SIZES = (("young", "jeune", "jeune", "jeunes", "jeunes"), ("little", "petit", "petite", "petits", "petites"))
COLOURS = (
    ("red", "rouge", "rouge", "rouges", "rouges"),
    ("green", "vert", "verte", "verts", "vertes"),
    ("blue", "bleu", "bleue", "bleus", "bleues"),
    ("black", "noir", "noire", "noirs", "noires"),
    ("white", "blanc", "blanche", "blancs", "blanches"),
)
#: English participle and its object; French singular, plural, object.
DEEDS = (
    ("running", "court", "courent", ""),
    ("sleeping", "dort", "dorment", ""),
    ("waiting", "attend", "attendent", ""),
    ("jumping", "saute", "sautent", ""),
    ("eating an apple", "mange", "mangent", " une pomme"),
    ("playing with a ball", "joue", "jouent", " avec un ballon"),
    ("looking at a picture", "regarde", "regardent", " une image"),
    ("following a horse", "suit", "suivent", " un cheval"),
)
NEWS = (
    ("publishing a report", "publie", "publient", " un rapport"),
    ("refusing the plan", "refuse", "refusent", " le projet"),
    ("raising the price", "augmente", "augmentent", " le prix"),
    ("closing the factory", "ferme", "ferment", " l'usine"),
)
PLACES = (
    ("in the park", "dans le parc"),
    ("near a river", "près d'une rivière"),
    ("on the beach", "sur la plage"),
    ("in front of a house", "devant une maison"),
    ("beside a tree", "à côté d'un arbre"),
    ("in the street", "dans la rue"),
)
TIMES = (("this week", "cette semaine"), ("in May", "en mai"), ("this year", "cette année"))
NUMBERS = (("a", ("un", "une")), ("two", ("deux", "deux")), ("three", ("trois", "trois")), ("four", ("quatre",) * 2))


def _pick(generator: np.random.Generator, words):
    return words[generator.integers(len(words))]


def _noun_phrase(generator: np.random.Generator, nouns, adjectives) -> tuple[str, str, bool]:
    """English, French, and whether it is plural; the French adjective agrees and stands before the noun."""
    one, many, un, plusieurs, gender = _pick(generator, nouns)
    number, articles = _pick(generator, NUMBERS)
    plural = number != "a"
    adjective = _pick(generator, adjectives) if adjectives and generator.random() < 0.5 else None
    english = [number, *([adjective[0]] if adjective else []), many if plural else one]
    form = 1 + (gender == "f") + 2 * plural
    french = [articles[gender == "f"], *([adjective[form]] if adjective else []), plusieurs if plural else un]
    return " ".join(english), " ".join(french), plural


def _caption(generator: np.random.Generator) -> tuple[str, str]:
    english, french, plural = _noun_phrase(generator, PERSONS, SIZES)
    if generator.random() < 0.6:
        thing, chose, gender = _pick(generator, THINGS)
        colour = _pick(generator, COLOURS)
        english += f" with a {colour[0]} {thing}"
        french += f" avec {'une' if gender == 'f' else 'un'} {chose} {colour[1 + (gender == 'f')]}"
    deed, place = _pick(generator, DEEDS), _pick(generator, PLACES)
    english += f" {'are' if plural else 'is'} {deed[0]} {place[0]}."
    french += f" {deed[2] if plural else deed[1]}{deed[3]} {place[1]}."
    return english[0].upper() + english[1:], french[0].upper() + french[1:]


def _headline(generator: np.random.Generator) -> tuple[str, str]:
    english, french, plural = _noun_phrase(generator, OFFICES, ())
    deed, when = _pick(generator, NEWS), _pick(generator, TIMES)
    english += f" {'are' if plural else 'is'} {deed[0]} {when[0]}."
    french += f" {deed[2] if plural else deed[1]}{deed[3]} {when[1]}."
    return english[0].upper() + english[1:], french[0].upper() + french[1:]


def _distinct(make, count: int, seed: int) -> list[tuple[str, str]]:
    generator, found = np.random.default_rng(seed), {}
    while len(found) < count:
        english, french = make(generator)
        found[english] = french
    return list(found.items())


def captions_of_a_grammar() -> dict[str, np.ndarray]:
    """1,600 sentence pairs in the form of captions, no English sentence twice: 1,200 train, 200 val, 200 test."""
    pairs = _distinct(_caption, 1600, seed=0)
    parts = {"train": pairs[:1200], "val": pairs[1200:1400], "test": pairs[1400:]}
    return {
        f"{language}_{part}": np.array([pair[side] for pair in rows])
        for part, rows in parts.items()
        for side, language in enumerate(("en", "fr"))
    }


def news_of_a_grammar() -> dict[str, np.ndarray]:
    """100 pairs with words that the captions do not hold, under the name of newstest2014."""
    pairs = _distinct(_headline, 100, seed=1)
    return {
        "set": np.array(["newstest2014"] * len(pairs)),
        "en": np.array([english for english, _ in pairs]),
        "fr": np.array([french for _, french in pairs]),
    }


def read_table(path: Path) -> dict[str, np.ndarray]:
    """A gzipped TSV file with a header: one (n,) array of str a column. Quotation marks are text.

    Raises DataProblem for a row with another number of columns.
    """
    with gzip.open(path, "rt", encoding="utf-8", newline="\n") as stream:
        header, *rows = (line.rstrip("\n").split("\t") for line in stream)
    for number, row in enumerate(rows, start=2):
        if len(row) != len(header):
            raise DataProblem(f"{path.name} line {number}: {len(header)} columns expected. Found: {len(row)}.")
    return {name: np.array([row[at] for row in rows]) for at, name in enumerate(header)}


def read_multi30k(path: Path) -> dict[str, np.ndarray]:
    """The three parts, each in both languages."""
    table = read_table(path)
    names = {"train": "train", "val": "val", "test": "test_2016_flickr"}
    return {
        f"{side}_{part}": table[side][table["split"] == name] for part, name in names.items() for side in ("en", "fr")
    }


GRAMMAR = "a small grammar of English and French in this project, with agreement in number and gender"

MULTI30K = Entry(
    title="Multi30k, English and French",
    file="multi30k_en_fr.tsv.gz",
    size=1_369_322,
    sha256="e602bf0198f25b55909bab30ba8b598dc2f6f6e6997e3f70cf476ac6439d74ae",
    source="D. Elliott, S. Frank, K. Sima'an, L. Specia, Multi30K: Multilingual English-German Image Descriptions, "
    "2016; French: D. Elliott et al., Second Shared Task on Multimodal Machine Translation, WMT 2017",
    licence="unclear: English captions from Flickr30k, for non-commercial research and education",
    read=read_multi30k,
    arrays={
        f"{side}_{part}": (dtype, (count,))
        for part, count in (("train", 29_000), ("val", 1_014), ("test", 1_000))
        for side, dtype in (("en", "<U205"), ("fr", "<U250"))
    },
    stand_in=StandIn(
        title="captions made by a small grammar",
        source=GRAMMAR,
        licence="MIT, as this project",
        make=captions_of_a_grammar,
    ),
)

NEWSTEST = Entry(
    title="WMT news test sets, English and French",
    file="newstest_en_fr.tsv.gz",
    size=2_146_799,
    sha256="6b50af72b922f303d0593d28a7a2c3f809d5d5c8978b8691643b3ffd018d46f8",
    source="Workshop on Statistical Machine Translation, news test sets 2008 to 2014 and discussions 2015",
    licence="may be freely used for research",
    read=read_table,
    arrays={column: (dtype, (20_574,)) for column, dtype in (("set", "<U19"), ("en", "<U878"), ("fr", "<U1006"))},
    stand_in=StandIn(
        title="news made by a small grammar",
        source=GRAMMAR + "; its words do not occur in the captions",
        licence="MIT, as this project",
        make=news_of_a_grammar,
    ),
)
