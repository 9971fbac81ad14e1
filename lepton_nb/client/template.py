"""A new client's folder: a copy of a sample in which every key and column is explained.

The explanations are those of ``schema.py``: client.yml gets them as comments, the columns of the CSV
files as tables in README.md, since CSV has no comments.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import typing
from contextlib import suppress
from pathlib import Path
from typing import Any

from pydantic import BaseModel

from lepton_nb import paths
from lepton_nb.client import fields, files, reading
from lepton_nb.client.drafts import Draft
from lepton_nb.client.fields import all_sentences, allowed, explained, first_sentence
from lepton_nb.client.rules import RULES
from lepton_nb.client.schema import PREDICTIONS, SECTIONS, TABLES

TOP = """\
# Template of a client's folder, made from the sample "{name}". Every figure in it is invented.
# Change this file, then assets.csv, costs.csv, benefits.csv and the files in metrics/. README.md explains
# every column. Check as often as you like:  lepton-nb check <this folder>
# synthetic stays true until the last invented figure is gone: every page of the report says so.
# Money is in one currency, rates are fractions (0.095 is 9.5 %), dates are YYYY-MM-DD.
# A line that begins with "# key:" is optional; remove the "# " to use it."""

README = """\
# A client's folder

A copy of the synthetic sample "{name}". Every figure in it is invented.

## What to change

1. `client.yml`: name, industry, country, valuation date, purpose, currency, cost of capital, tax. Each key is
   explained in the file.
2. `assets.csv`: one row an asset. Its `asset_id` is used in all other files.
3. `costs.csv` and `benefits.csv`: what was paid, what is planned, what each asset brings in each year.
4. `metrics/`: how well each model works beside what was done before. Counts, not rates. `paired_counts.csv`
   often decides the result: it says on which cases model and baseline differ.
5. Remove the rows and the optional files that you have no figures for. Put documents that `source` names into
   `evidence/`; they are not read.
6. `client: synthetic` in `client.yml` becomes `false` when the last invented figure is gone.

`lepton-nb check <this folder>` lists everything that is wrong, with file, row, column and remedy. Rows are counted
as a spreadsheet shows them: the header is row 1.

## How figures are written

- One currency, that of `client.yml`. Costs are positive: money out.
- Rates and shares are fractions: 0.095, not 9.5 and not 9.5 %.
- A point for decimals, nothing between thousands: 1200.50. Dates: 2026-06-30.
- Low, mode and high are the lowest credible, the most likely and the highest credible figure.
- Files are CSV with commas, in UTF-8 (in Excel: "CSV UTF-8 (comma delimited)"), at most 50 MB each. Where your
  spreadsheet writes semicolons and decimal commas, say so in `client.yml` (`csv`). A table may be
  a Parquet file of the same name and columns instead (`costs.parquet`); not both.
- No names, e-mail addresses or accounts of persons: cases have numbers.

One Excel workbook can take the place of the folder: `lepton-nb new my_client.xlsx --workbook` writes it, and
`lepton-nb check my_client.xlsx` and `lepton-nb report my_client.xlsx` read it by the same rules.

## Data for models

`cases` in `client.yml` lists data on which a model is trained or scored, so that its result is measured on your own
cases. The files lie inside this folder:

| kind of case | data |
|---|---|
| risk_classifier | `.csv` or `.parquet`: a header, one case a row; `target` names the column to be predicted |
| forecaster | `.csv` or `.parquet`: a row for each step and series, in the order of time; `target`, `time_column`, `horizon`, and where there are several series `series_column`; `known_columns` are fixed before their time; `baseline_column`: what was foretold or ordered for the step; `cost_too_low`, `cost_too_high`: money of a unit |
| image_classifier | `.npz` with arrays `x` and `y` of equal length, or a folder with one folder of PNG or JPEG files a class |
| text_classifier | `.csv` or `.parquet`: a header, one text a row; `text_column` names the texts, `target` their class; no other column is read by a model |
| audio_classifier | a folder with one folder of `.wav` files a class, ten a class at least, all of one rate, of one channel unless `mix_channels: true`; `positive` names the class that counts as 1; `clips: data/clips.csv` may say more, a row a sound: `file` (`class/name.wav`) and the columns that `baseline_column`, `group_column` (the speaker), `amount_column` or `split` name |
| anomaly_detector | `.csv` or `.parquet`: a moment a row in the order of time, with `time_column`; every other column is a measurement; `target` names the column that says whether the row led to a failure |
| recommender | `.csv` or `.parquet`: a row a choice; `user_column`, `item_column`, `time_column` |
| translator | `.tsv`: two texts a line, source and target |

`data: public:NAME` takes a public data set in place of a file. `positive` names the class that counts as 1 where the
classes are not 0 and 1. `baseline_column` says what was done before (0 or 1 for each case); with it the comparison is
paired. Without it one decision for all rows stands in (nobody is flagged, or everybody, whichever costs less), and the
whole gain hangs on that: what today's decisions save already would count as the model's. `group_column` and
`block_column` show results by group and the value of each block.

`split` keeps rows for the test:

| kind of case | `split` | missing |
|---|---|---|
| anomaly_detector, forecaster, recommender | `{{by: at, test_from: 2025-01-01}}`, `at` being the `time_column`; no other | the last three rows in ten of a detector, the last fifth of a series or of events |
| risk_classifier, text_classifier, arrays of images | rows in the order of time: `{{by: day, test_from: 2025-01-01}}`; at random: `{{by: random, test_share: 0.2}}`; rows of one customer together: `{{by: customer, test_share: 0.2}}` | three rows in ten, drawn at random class by class |
| folders of images and sounds | `{{by: random, test_share: 0.2}}`; of sounds with `clips` a column of these too, as `{{by: speaker, test_share: 0.3}}`: the test is of voices that nobody heard before | the same |

Every other column is a feature. It is read as numbers where every cell is one or empty (an empty cell is a gap), else as
texts, of at most 50 different values; a cell such as `n/a` among numbers is refused. `lepton-nb check` names the columns
that are read as texts. Columns of days, of one value and of more texts are left out. Whole numbers that are nearly all
different are taken for ids and left out, with a note; `leave_out_columns: [customer, branch_no]` names what no model
sees instead, and `[]` leaves out none. Arrays hold no Python objects; at most 500 MB a file.

A detector as a whole, in `client.yml` and `data/press.csv`:

```yaml
cases:
  - asset_id: M1
    case: anomaly_detector
    data: data/press.csv
    time_column: at
    target: failed
    baseline_column: alarm
    split: {{by: at, test_from: 2025-03-01}}
    outcome_value: {{tp: -250, fn: -1000, fp: -50, tn: 0}}
```

```csv
at,heat,force,mode,alarm,failed
2025-01-01 06:00:00,58.4,30.2,fast,0,0
2025-01-01 06:30:00,67.1,33.0,fast,1,1
2025-01-01 07:00:00,59.9,29.7,slow,0,0
```

Of these, `heat` and `force` are measurements, `mode` is a text; `alarm` says what today's alarm did, `failed` whether
the row led to a failure. Without `target` the table is read and nothing is measured. A benefit rests on it with
`metric_link` `measured:M1`. Without `outcome_value` (or the money of an evaluation in `metrics/`) a case is measured
and worth nothing: no price stands on what it finds.

A model comes in by one of three doors:

| door | keys | what it is |
|---|---|---|
| predictions | `predictions: data/scores.csv`, `score_column` | one row a row of the data, or of the test: `score` from 0 to 1, or `decision` 0 or 1, and the id column of the data |
| model file | `model: models/risk.onnx` | ONNX, or `.keras`; no file that runs code when it is opened (pickle, joblib, PyTorch's own, HDF5) |
| none of the two | | models are trained on the rows of the case and chosen on validation rows |

Predictions are joined by a column that the data have under the same name, with another value in every row. A file of
scores alone is joined by the order of rows; a further column that the data do not have, or an id that is not unique
there, is refused. The data need no features then.

Whoever brings predictions or a model vouches that it has not seen the test rows: no file can show that. Scores that come
too near the truth are found and said, and the value says it too.

How to export: scikit-learn with `skl2onnx.to_onnx(pipeline, frame[:1])`, a bare model with
`skl2onnx.to_onnx(model, frame[:1].to_numpy("float32"))` (HistGradientBoosting: with protobuf below 7 installed), LightGBM with `onnxmltools.convert_lightgbm`, PyTorch with `torch.onnx.export(…, external_data=False)` and a
last sigmoid, Keras with `model.save("model.keras")`. The inputs have the names of
the columns, one input a column, or are one input of all columns where all hold numbers. Images come as numbers from 0
to 1, or as they are where the input is uint8.

`outcome_value: {{tp: 0, fn: [-5300, -4275, -3300], fp: -620, tn: 0}}` is the money per case; missing, it is that of the
asset's evaluation in `metrics/`. With `amount_column` the money of a row is outcome value × amount: of your own
`outcome_value` per unit of the amount, of an evaluation's for a case of average amount. `threshold` is the score from
which a case is flagged; missing, it is the one that pays most on the validation rows.

Data for training often hold more positive cases than there are in use: `positive_share` says how many there are, and
the money of each class is weighted to it. With `positive_share_low` and `positive_share_high` it is drawn;
`positive_share_source` says where it comes from. A typed evaluation has the same four columns, in the model's row of
`metrics/confusion.csv`.

Where a typed test judged public data in place of your own, `data` is `public` (in the model's row of
`metrics/confusion.csv`, or in `metrics/trials.csv`): the report says so wherever the value rests on it.

A benefit takes what a case measures with `metric_link` `measured:ID`, ID being the asset of the case, and leaves
`unit_value_…` empty. A typed evaluation of that asset may stay: it is shown beside the measured one and counts nowhere.
`lepton-nb check` says which chapter will measure a case and what rests on it.

A forecaster's test is foretold from every step on, up to `horizon` steps ahead, in quantiles. With `cost_too_low` and
`cost_too_high` the quantile that costs least is ordered, and the trial is money saved beside `baseline_column` (or beside
what was one season before); without them it counts how much less the forecast errs, and `unit_value_…` of the benefit is
the money of one unit of error. What stands in `baseline_column` is taken as it is, whenever it was written before its step.

What is no yes or no (a forecast, a list of recommendations, an experiment with two arms) is measured as a mean
per unit: one row of `metrics/trials.csv` with the mean gain over what was done before, its standard error and n. A
benefit takes it with `metric_link` `trial:ID`. Where the gain is money, `unit_value_…` stays empty; where it counts an
effect (`effect`: hits, pieces, minutes), `unit_value_…` is the money of one. Where units hang together, as the hours of a day do,
the standard error is that of the means of such blocks.

## Blocks of data

One row of `data_blocks.csv` says what a model reaches that is trained on some blocks of a data asset (sources, years,
sites), named in `blocks` with semicolons. Always give the row with all blocks. With all but one for each block, the
report shows what would be lost without it; with every combination, the row without any block included, it splits
the value of the data exactly.
"""


#: The name of the template without figures.
BLANK = "blank"
BLANK_TOP = """\
# A client's folder, blank. Write a value after each key; lepton-nb check <this folder> lists what is still missing.
# README.md explains every column of the CSV files.
# Money is in one currency, rates are fractions (0.095 is 9.5 %), dates are YYYY-MM-DD.
# A line that begins with "# key:" is optional; remove the "# " to use it."""
BLANK_README = """\
# A client's folder

A blank form: `client.yml` has every key, the CSV files have their columns and no rows. Fill in `client.yml`,
`assets.csv` (one row an asset), `costs.csv` and `benefits.csv`; a model that is measured gets two rows in
`metrics/confusion.csv`, the model's and that of what was done before, and its money per outcome in
`metrics/outcome_value.csv`. Delete the files that you have nothing for. `lepton-nb check <this folder>` lists what is
missing or wrong, with file, row, column and remedy. Rows are counted as a spreadsheet shows them: the header is row 1.

"""


def _empty(model: type[BaseModel]) -> dict[str, Any]:
    """The required keys of a section, with nothing in them."""
    found: dict[str, Any] = {}
    for name, info in fields.columns(model).items():
        inside = fields.inner(info.annotation)
        if info.is_required():
            found[name] = _empty(inside) if inside else ""
    return found


#: What a blank form says: nothing of the client, and neutral settings of the simulation.
BLANK_SETTINGS: dict[str, Any] = {
    **{name: _empty(section.type) for name, section in SECTIONS.items() if section.required and not section.many},
    "scenarios": [{"name": "base", "p": "1", "benefit_multiplier": "1", "cost_multiplier": "1"}],
    "monte_carlo": {"draws": "20000", "seed": "1"},
}
BLANK_SETTINGS["client"]["synthetic"] = "false"

#: How an optional list is written, where the sample has none.
EXAMPLES = {
    "options": (
        "{asset_id: M1, kind: defer, cost: 400000, scale: 0.5, deadline_years: 2, volatility: 0.4, volatility_source: …}",
        "{asset_id: M1, kind: expand, cost: 650000, scale: 2, deadline_years: 2, volatility: 0.4, volatility_source: …}",
        "{asset_id: M1, kind: abandon, cost: 30000, salvage: 90000, deadline_years: 3, volatility: 0.4, volatility_source: …}",
        "{asset_id: M1, kind: switch, cost: 120000, scale: 1.3, deadline_years: 3, volatility: 0.4, volatility_source: …}",
        "{asset_id: M1, kind: stage, cost: 200000, scale: 1, deadline_years: 1, volatility: 0.4, volatility_source: …}",
    ),
}


def new(folder: str | os.PathLike[str], like: str = "manufacturer", workbook: bool = False) -> Path:
    """Write a template of a client: a sample with every key and column explained, or with like="blank" a form without
    figures. Returns the folder or the file.

    With ``workbook`` one Excel file is written in place of a folder (".xlsx" is added where it is missing). The folder
    must not exist, or be empty; the file must not exist. Nothing half-written is left behind. Raises ValueError for a
    sample that there is not or a place that cannot be written, FileExistsError for one that holds something.
    """
    samples = paths.project() / "clients"
    known = [*sorted(path.parent.name for path in samples.glob("*/client.yml")), BLANK]
    if like not in known:
        raise ValueError(f"A template is made like one of these samples: {', '.join(known)}. Received: like={like!r}")
    target = Path(folder).absolute()
    if workbook and target.suffix.lower() != ".xlsx":
        target = target.with_name(f"{target.name}.xlsx")
    elif not workbook and target.suffix.lower() == ".xlsx":
        raise ValueError(f"A folder is written; for one Excel file add --workbook. Received: {folder}")
    part = target.parent / f".{target.name}.{os.getpid()}.part"
    try:
        empty = not workbook and target.is_dir() and not target.is_symlink() and not any(target.iterdir())
        taken = os.path.lexists(target) and not empty
        if not taken:
            os.makedirs(target.parent, exist_ok=True)
            if workbook:
                from lepton_nb.client import workbook_writing  # openpyxl takes a quarter of a second

                if like == BLANK:
                    workbook_writing.write_book(BLANK_SETTINGS, {}, part)
                else:
                    workbook_writing.write(samples / like, part)
            else:
                _write(part, None if like == BLANK else samples / like)
            if empty:
                target.rmdir()
            part.rename(target)
    except (OSError, ValueError) as error:  # ValueError: a zero byte in the path
        reason = getattr(error, "strerror", None) or error
        raise ValueError(f"{folder} cannot be written ({reason}); give another place.") from error
    finally:
        shutil.rmtree(part, ignore_errors=True)
        with suppress(OSError, ValueError):
            part.unlink()
    if taken:
        raise FileExistsError(f"{target} exists and is not empty; give a new name.")
    return target


def _write(folder: Path, sample: Path | None) -> None:
    folder.mkdir()
    if sample is None:
        (folder / files.CLIENT_YML).write_text(client_yml(BLANK_SETTINGS, "", BLANK_TOP), encoding="utf-8")
        (folder / "README.md").write_text(readme("", BLANK_README), encoding="utf-8")
        for file, table in TABLES.items():
            (folder / file).parent.mkdir(exist_ok=True)
            (folder / file).write_text(",".join(fields.columns(table.type)) + "\n", encoding="utf-8")
        return
    draft = reading.read(sample)
    if draft.problems:
        raise ValueError(f"The sample {sample.name} is damaged: {draft.problems[0].sentence}")
    name = draft.sections["client"].name
    (folder / files.CLIENT_YML).write_text(client_yml(draft.source.settings(Draft()), name), encoding="utf-8")
    (folder / "README.md").write_text(readme(name), encoding="utf-8")
    for file in [*draft.tables, *(f"metrics/predictions_{asset_id}.csv" for asset_id in draft.predictions)]:
        (folder / file).parent.mkdir(exist_ok=True)
        shutil.copyfile(sample / file, folder / file)
    branding = draft.sections.get("branding")
    if branding and branding.logo:
        (folder / branding.logo).parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(sample / branding.logo, folder / branding.logo)


def readme(name: str, intro: str = "") -> str:
    """README.md: every file and column, as ``schema`` describes them."""
    whole = README.format(name=name)
    parts = [intro + whole[whole.index("## How figures are written") :] if intro else whole]
    for file, table in [*TABLES.items(), ("metrics/predictions_<asset_id>.csv", PREDICTIONS)]:
        need = "required" if table.required else "optional"
        parts.append(f"## {_markdown(file)} ({need})\n\nOne row: {first_sentence(table.type)}\n")
        parts.append("| column | meaning | values | unit | |\n|---|---|---|---|---|")
        for column, info in fields.columns(table.type).items():
            must = "" if info.is_required() else "may be empty"
            unit = info.json_schema_extra["unit"]
            parts.append(f"| {column} | {info.description} | {_markdown(allowed(info))} | {unit} | {must} |")
        parts.append("")
    parts.append("## What is checked\n")
    parts += [f"- rule {number}: {words}" for number, words in RULES.items() if number < 100]
    return "\n".join(parts) + "\n"


def _markdown(text: str) -> str:
    """Text in which Markdown sees no tag."""
    return text.replace("<", r"\<")


def client_yml(settings: dict[str, Any], name: str, top: str = TOP) -> str:
    """client.yml with the given texts, every key explained, optional ones that are not given commented out.

    A section that is given without a required key shows that key with nothing after it, to be filled in.
    """
    lines = [top.format(name=name), "", "schema_version: 1"]
    for key, section in SECTIONS.items():
        first, *rest = all_sentences(section.type)
        lines += ["", f"# {first}" + ("" if section.required else " Optional."), *(f"# {line}" for line in rest)]
        lines += _entry(key, section.type, settings.get(key), section.many)
        if not settings.get(key):
            lines += [f"#   - {example}" for example in EXAMPLES.get(key, ())]
    return "\n".join(lines) + "\n"


def _entry(key: str, model: type[BaseModel], value: Any, many: bool) -> list[str]:
    """A key with a mapping, or with a list of mappings whose keys are explained above it."""
    if not many:
        body = _mapping(model, value or {})
        return [f"{key}:", *body] if value else _commented([f"{key}:", *body])
    lines = [f"# {name}: {explained(info)}" for name, info in fields.columns(model).items()]
    if not value:
        return [*lines, f"# {key}:"] if key in EXAMPLES else [*lines, f"# {key}: []"]
    lines.append(f"{key}:")
    for item in value:
        pairs = [f"{name}: {_scalar(text)}" for name, text in item.items()]
        lines += [f"  - {pairs[0]}", *(f"    {pair}" for pair in pairs[1:])]
    return lines


def _mapping(model: type[BaseModel], value: dict[str, Any]) -> list[str]:
    lines = []
    for name, info in fields.columns(model).items():
        inside = fields.inner(info.annotation)
        lines.append(f"# {explained(info)}")
        if inside:
            lines += _entry(name, inside, value.get(name), many=typing.get_origin(info.annotation) is tuple)
        elif name in value:
            lines.append(f"{name}: {_scalar(value[name])}".rstrip())
        else:
            default = "" if info.default in (None, "", ()) else f" {_scalar(str(info.default))}"
            lines.append(f"# {name}:{default}")
    return [f"  {line}" for line in lines]


def _commented(lines: list[str]) -> list[str]:
    return [line if line.lstrip().startswith("#") else f"# {line}" for line in lines]


def _scalar(text: Any) -> str:
    """A text as YAML: bare where it is one word or number, else in double quotes; mappings and lists in brackets."""
    if isinstance(text, dict):
        return "{" + ", ".join(f"{name}: {_scalar(value)}" for name, value in text.items()) + "}"
    if isinstance(text, list):
        return "[" + ", ".join(map(_scalar, text)) + "]"
    if not text:
        return ""
    bare = re.fullmatch(r"[A-Za-z0-9_.+-]+", text) and text.lower() != "null"
    return text if bare else json.dumps(text, ensure_ascii=False)
