"""Rows become a case: a client's own data, or a public data set, in training, validation and test rows."""

from __future__ import annotations

import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from lepton_nb import datasets, terms
from lepton_nb.casework import hearing
from lepton_nb.casework.forms import PARTS, CaseSet, Part
from lepton_nb.casework.in_use import as_in_use
from lepton_nb.client import case_data, case_rows, case_sounds, clip_columns
from lepton_nb.client.schema import CaseData, Client, OutcomeValue, View
from lepton_nb.datasets.reviews import TEXT


def table(
    data: Mapping[str, Any] | datasets.Dataset,
    *,
    target: str,
    positive: str = "",
    baseline: str | np.ndarray | Callable[[Any], Any] | None = None,
    amount: str = "",
    block: str = "",
    group: str | np.ndarray = "",
    day: str = "",
    split: Mapping[str, Any] | None = None,
    leave_out: Iterable[str] | None = None,
    **about: Any,
) -> CaseSet:
    """A case of a table.

    data: {column: (n,) values}, or a data set of ``datasets``. target: column of the classes; positive: the value that
    counts as 1 where they are not 0 and 1 (several separated by ;). baseline: column of 0 and 1, such an array, or a rule:
    a function of the DataFrame of all columns. day: column of dates; missing: that of a split by date, or the only column
    that holds days. split: {"by":
    "random", "test_share": …}, {"by": column, "test_from": …}, {"by": column, "test_share": …} (rows of one value stay
    together) or {"official": (n,) of part names}. leave_out: columns that no model sees; None: whole numbers that look like
    ids are left out. about: other fields of CaseSet (money, money_source, currency, yearly,
    baseline_name, threshold, …) and ``amounts_per_unit`` (see :func:`amounts_of`). Raises ValueError in a sentence.
    """
    import pandas as pd

    facts, columns = _facts(data)
    frame = pd.DataFrame({name: np.asarray(values) for name, values in columns.items()})
    for key, name in (("target", target), ("amount", amount), ("block", block), ("group", group), ("day", day)):
        if isinstance(name, str) and name and name not in frame.columns:
            raise ValueError(f"{key} must be a column of the data ({', '.join(frame.columns[:20])}). Received: {name}")
    y = _classes(target, frame[target].to_numpy(), positive)
    by = (split or {}).get("by", "random")
    dated = day or (by if (split or {}).get("test_from") else "")
    used = {target: "it is what is to be predicted"}
    if isinstance(baseline, str) and baseline:
        used[baseline] = "it is the decision of the baseline"
    if isinstance(group, str) and group:
        used[group] = "results are shown by it"
    used |= {name: "it names the block of a row" for name in (block,) if name}
    used |= {name: "it is the day of a row" for name in (dated,) if name}
    used |= {by: "rows of one value stay together"} if by not in ("random", dated) else {}
    used |= {name: "it is left out by the case" for name in leave_out or () if name not in used}
    features, left_out = case_rows.features(
        {name: frame[name].to_numpy() for name in frame.columns}, used, guess=leave_out is None
    )
    dated = dated or _only([name for name, why in left_out.items() if why == case_rows.HOLDS_DAYS])
    days = _days(frame[dated]) if dated else None
    money, source, factors, meaning = amounts_of(frame[amount].to_numpy() if amount else None, amount, about)
    whole = Part(
        rows=np.arange(len(frame)),
        x=frame[list(features)],
        y=y,
        baseline=_baseline(baseline, frame),
        amounts=factors,
        days=days,
        groups=_texts(frame[group].to_numpy() if isinstance(group, str) and group else group),
        blocks=_texts(frame[block].to_numpy() if block else ""),
    )
    parts, how, in_time = _parted(whole, split, frame[by].to_numpy() if by in frame.columns else None)
    return CaseSet(
        kind="table", target=_target_words(target, positive), features=tuple(features), left_out=left_out, ids=_ids(frame, left_out), split=how,
        in_time=in_time, money=money, money_source=source, amount_meaning=meaning,
        groups_by=group if isinstance(group, str) else "group", blocks_by=block, **parts, **(facts | about),
    )  # fmt: skip


def texts(data: Mapping[str, Any] | datasets.Dataset, *, text: str, **asked: Any) -> CaseSet:
    """A case of texts. text: their column; no other is read by a model. The rest as in :func:`table`."""
    facts, columns = _facts(data)
    if text not in columns:
        raise ValueError(f"text must be a column of the data ({', '.join(list(columns)[:20])}). Received: {text}")
    others = {name: values for name, values in columns.items() if name != text}
    made = table(others, **(facts | asked))
    column = np.asarray(columns[text], TEXT)
    parts = {name: replace(part, x=column[part.rows]) for name, part in made.parts.items()}
    left_out = dict(made.left_out) | dict.fromkeys(made.features, "only the texts are read")
    return replace(made, kind="texts", features=(text,), left_out=left_out, **parts)


def images(
    x: np.ndarray,
    y: np.ndarray,
    *,
    positive: str = "",
    baseline: np.ndarray | None = None,
    amounts: np.ndarray | None = None,
    blocks: np.ndarray | None = None,
    groups: np.ndarray | None = None,
    days: np.ndarray | None = None,
    split: Mapping[str, Any] | None = None,
    together: np.ndarray | None = None,
    data: datasets.Dataset | None = None,
    **about: Any,
) -> CaseSet:
    """A case of images. x: (n, height, width[, channels]); y: (n,) classes. together: rows of one value stay in one part.

    data: the data set that the arrays are from (its name, title, source, checksum). The rest as in :func:`table`.
    """
    facts, _ = _facts({} if data is None else data)
    x = np.asarray(x)
    if x.ndim not in (3, 4) or len(x) != len(y):
        raise ValueError(f"x must be (n, height, width[, channels]) with n = {len(y)}. Received: {x.shape}")
    money, source, factors, meaning = amounts_of(amounts, "amounts", about)
    whole = Part(
        rows=np.arange(len(x)), x=x, y=_classes("y", np.asarray(y), positive), baseline=_baseline(baseline, None),
        amounts=factors, days=None if days is None else np.asarray(days, "datetime64[D]"),
        groups=_texts(groups), blocks=_texts(blocks),
    )  # fmt: skip
    parts, how, in_time = _parted(whole, split, together)
    names = {"groups_by": "" if groups is None else "group", "blocks_by": "" if blocks is None else "block"}
    return CaseSet(
        kind="images", split=how, in_time=in_time, money=money, money_source=source, amount_meaning=meaning,
        **parts, **(facts | {"target": _target_words("class", positive)} | names | about),
    )  # fmt: skip


def sounds(clips: Iterable[np.ndarray], rate: int, y: np.ndarray, **asked: Any) -> CaseSet:
    """A case of sounds. clips: a row of samples each, none silent; rate: samples a second; y: (n,) classes. The rest as in
    :func:`images`; x holds a picture of each sound (``hearing.pictures``)."""
    return replace(images(hearing.pictures(clips, rate), y, **asked), kind="sounds")


def of_client(
    client: Client | View, folder: str | Path, asset_id: str, data_folder: str = "", kind: str = ""
) -> CaseSet:
    """The case of one of a client's assets. Of the client only ``cases`` is read.

    folder: the client's; data_folder: of public data sets (``public:NAME``). kind: of the case, where an asset has
    several. Raises ValueError for an asset without a case, and where the data changed since the client was read.
    """
    found = [case for case in client.cases if case.asset_id == asset_id and kind in ("", case.case)]
    if not found:
        known = ", ".join(case.asset_id for case in client.cases) or "none"
        raise ValueError(f"The client has no case of this asset; there is: {known}. Received: {asset_id}")
    return of_case(found[0], folder, data_folder)


def of_case(case: CaseData, folder: str | Path, data_folder: str = "") -> CaseSet:
    """The rows of one examined case."""
    if case.public:
        dataset = datasets.load(case.public, data_folder)
        facts, content = _facts(dataset)[0], dataset.arrays
    else:
        content = case_data(folder, case)
        name = Path(case.path).name
        facts = {
            "name": name, "title": name, "source": f"{terms.CLIENT_FILE}{case.path}", "sha256": case.sha256,
            "stand_in": False,
        }  # fmt: skip
    split = {} if case.split is None else {k: v for k, v in case.split.model_dump().items() if v is not None}
    if case.case == "anomaly_detector":
        split = {"by": case.time_column, "test_from": case.test_from}
    about = facts | {
        "asset_id": case.asset_id, "money": case.outcome_value, "money_source": case.outcome_source,
        "currency": case.currency, "yearly": case.yearly_cases, "threshold": case.threshold,
        "evaluated_on": case.evaluated_on, "door": case.door, "settings": case, "folder": str(folder),
        "amounts_per_unit": case.outcome_source == "client.yml",
    }  # fmt: skip
    meaning = datasets.entry(case.public).meaning if case.public else str
    if case.baseline_column:
        about["baseline_name"] = meaning(case.baseline_column)
    if case.case == "audio_classifier":
        made = _client_sounds(case, content, clip_columns(folder, case), split, about)
    elif case.case == "image_classifier":
        made = _client_images(case, content, split, about)
    else:
        named = {
            "positive": case.positive,
            "amount": case.amount_column,
            "block": case.block_column,
            "group": case.group_column,
        }
        asked = {name: column or "" for name, column in named.items()} | about
        asked |= {
            "target": case.target,
            "baseline": case.baseline_column,
            "split": split or None,
            "leave_out": case.leave_out_columns,
        }
        made = texts(content, text=case.text_column, **asked) if case.text_column else table(content, **asked)
    day = case.evaluated_on or (made.test.days.max().astype(object) if made.test.days is not None else None)
    if case.public:
        told, target = meaning(case.target or "label"), case.target or "label"
        made = replace(
            made, left_out={meaning(name): why for name, why in made.left_out.items()},
            target=made.target if told == target or case.positive else told,
        )  # fmt: skip
    made = replace(made, share_range=case.share_range, share_source=case.positive_share_source or "")
    return as_in_use(replace(made, evaluated_on=day or case.valuation_date), case.positive_share)


def _client_images(case: CaseData, content: Any, split: Mapping[str, Any], about: dict[str, Any]) -> CaseSet:
    if isinstance(content, list):  # a folder of images by class
        x = np.stack([_pixels(path) for path, _ in content])
        return images(
            x, np.array([name for _, name in content]), positive=case.positive or "", split=split or None, **about
        )
    arrays = dict(content)
    x = next((arrays[name] for name in ("x", "images") if name in arrays), None)
    label = case.target or next((name for name in ("y", "label") if name in arrays), None)
    if x is None or label is None:
        raise ValueError(f"{about['name']} holds no images with a class each. Received: {', '.join(arrays)}")
    by = split.get("by", "random")
    named = {
        "baseline": case.baseline_column, "amounts": case.amount_column, "blocks": case.block_column,
        "groups": case.group_column,
    }  # fmt: skip
    taken = {key: arrays[name] if name else None for key, name in named.items()}
    together = days = None
    if by in arrays:
        together, days = (None, arrays[by]) if "test_from" in split else (arrays[by], None)
    elif case.public:
        split, together = _split_of_authors(arrays, split)
    return images(
        x, arrays[label], positive=case.positive or "", split=split or None, together=together, days=days, **taken,
        **about,
    )  # fmt: skip


def _client_sounds(
    case: CaseData, content: Any, columns: Mapping[str, np.ndarray], split: Mapping[str, Any], about: dict[str, Any]
) -> CaseSet:
    """content: path and class of each sound; columns: (n,) values of the table of clips, in that order."""
    named = {
        "baseline": case.baseline_column, "amounts": case.amount_column, "blocks": case.block_column,
        "groups": case.group_column,
    }  # fmt: skip
    by = split.get("by", "random")
    dated = "test_from" in split
    names = about | {"groups_by": case.group_column or "", "blocks_by": case.block_column or ""}
    return sounds(
        (case_sounds.samples(path) for path, _ in content), case.rate, case_sounds.labels([name for _, name in content], case.positive),
        positive=case.positive or "", split=split or None, together=columns[by] if by in columns and not dated else None,
        days=_days(columns[by]) if dated else None,
        **{key: columns[name] if name else None for key, name in named.items()}, **names,
    )  # fmt: skip


def _split_of_authors(arrays: Mapping[str, np.ndarray], split: Mapping[str, Any]) -> tuple[dict[str, Any], Any]:
    """The split that a public set of images brings, where the case asks for none: by ``part`` (0 training, 1 validation,
    2 test) or ``test`` (0, 1). Rows of one ``group``, pictures of one thing, stay together in every case."""
    together = arrays.get("group")
    if split:
        return dict(split), together
    if "part" in arrays:
        return {"official": np.array(PARTS)[arrays["part"]]}, together
    if "test" in arrays:
        return {"official": np.where(arrays["test"] == 1, "test", "train")}, together
    return {}, together


def _pixels(path: Path) -> np.ndarray:
    from PIL import Image

    with Image.open(io.BytesIO(Path(path).read_bytes())) as picture:
        return np.asarray(picture if picture.mode in ("L", "RGB") else picture.convert("RGB"))


# --- parts of a row


def _classes(target: str, values: np.ndarray, positive: str) -> np.ndarray:
    try:
        return case_rows.classes(values, positive)
    except ValueError as problem:
        raise ValueError(f"{target}: {problem}") from None


def amounts_of(amounts: Any, name: str, about: dict[str, Any]) -> tuple[OutcomeValue | None, str, Any, str]:
    """The money per outcome, where it is from, the factor of every row, and how the amounts enter, in words.

    ``amounts_per_unit`` in ``about`` (taken out): the money of an outcome is per unit of the amount, so a row's money is
    outcome value × amount. Otherwise it is that of a row of average amount: outcome value × amount / mean amount.
    """
    money, source = about.pop("money", None), about.pop("money_source", "")
    per_unit = about.pop("amounts_per_unit", True)
    if amounts is None:
        return money, source, None, ""
    factors = np.asarray(amounts, dtype=np.float64)
    if not np.isfinite(factors).all() or (factors < 0).any() or factors.sum() == 0:
        raise ValueError(f"{name} must hold amounts of at least 0 for every row, not all 0.")
    if per_unit:
        return money, source, factors, f"Money of a row: outcome value × {name}; the outcome values are per unit of it."
    words = (
        f"Money of a row: outcome value × {name} / its mean ({factors.mean():.6g}); the outcome values are those of a "
        "case of average amount."
    )
    return money, source, factors / factors.mean(), words


def _facts(data: Any) -> tuple[dict[str, Any], Mapping[str, Any]]:
    if isinstance(data, datasets.Dataset):
        names = ("name", "title", "source", "sha256", "stand_in", "spoken")
        return {key: getattr(data, key) for key in names}, data.arrays
    return {"name": "data", "title": "data", "source": "given", "sha256": "", "stand_in": False}, data


def _only(names: Sequence[str]) -> str:
    """The one name; empty where there is none or a choice."""
    return names[0] if len(names) == 1 else ""


def _ids(frame: Any, left_out: Mapping[str, str]) -> dict[str, tuple[str, ...]]:
    """The columns that number the rows, as texts, in the order of the data."""
    numbering = [name for name, why in left_out.items() if why.startswith("it numbers")]
    return {name: tuple(case_rows.word(value) for value in frame[name].to_numpy()) for name in numbering}


def _target_words(target: str, positive: str) -> str:
    return f"{target} = {positive.replace(';', ' or ')}" if positive else f"{target} = 1"


def _baseline(given: Any, frame: Any) -> np.ndarray | None:
    if given is None or (isinstance(given, str) and not given):
        return None
    if isinstance(given, str):
        if given not in frame.columns:
            raise ValueError(f"baseline must be a column of the data, an array or a rule. Received: {given}")
        values = frame[given].to_numpy()
    else:
        values = np.asarray(given(frame) if callable(given) else given)
    if values.ndim != 1 or not set(np.unique(values).tolist()) <= {0, 1}:
        raise ValueError("The baseline's decision must be 0 or 1 for every row.")
    return values.astype(np.int64)


def _texts(values: Any) -> np.ndarray | None:
    if values is None or (isinstance(values, str) and not values):
        return None
    return np.array([case_rows.word(value) for value in np.asarray(values)])


def _days(values: Any) -> np.ndarray:
    try:
        return np.array([str(value)[:10] for value in values], dtype="datetime64[D]")
    except ValueError as problem:
        raise ValueError(f"Days must be written YYYY-MM-DD. Received: {problem}") from None


def _parted(whole: Part, split: Mapping[str, Any] | None, column: Any) -> tuple[dict[str, Part], str, bool]:
    """The three parts, how they came about, and whether the test lies after the training."""
    given = dict(split or {})
    by, share, start = given.get("by", "random"), given.get("test_share"), given.get("test_from")
    if isinstance(start, str):
        start = date.fromisoformat(start)
    together = column if start is None else None
    days = whole.days
    if start is not None and days is None:
        raise ValueError(f"A split from a day on needs the days of the rows. Received: split={given}")
    found = case_rows.parts(
        len(whole), whole.y, test_share=share, days=days, test_from=start, together=together,
        official=given.get("official"),
    )  # fmt: skip
    parts = {name: whole.take(np.flatnonzero(found == name)) for name in ("train", "validation", "test")}
    for name, part in parts.items():
        if len(part) == 0:
            raise ValueError(f"The split leaves no {name} rows. Received: {given or 'no split'}, {len(whole)} rows")
    if start is not None:
        how = f"test: rows from {start} on; validation: the last days before it; training: the rest"
    elif "official" in given:
        how = "the parts that the authors of the data gave"
    else:
        what = "group" if by == "random" else by
        drawn = "drawn at random, " + ("class by class" if together is None else f"rows of one {what} together")
        how = f"test: {len(parts['test']) / len(whole):.0%} of the rows, {drawn}"
    in_time = days is not None and bool(parts["train"].days.max() < parts["test"].days.min())
    return parts, how, in_time


def rows_of(case_set: CaseSet, *names: str) -> Sequence[int]:
    """The numbers of the rows of some parts, in the order of the data."""
    return np.sort(np.concatenate([case_set.parts[name].rows for name in names])).tolist()
