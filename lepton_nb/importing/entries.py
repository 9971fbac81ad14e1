"""What a registry says of each model: its versions, which of them counts, its stage, the run behind it.

A registry knows no money and no law. What it may say of an asset beyond its name and stage is said on purpose, in tags
of the registered model or of its version that begin with ``lepton.`` (the version's win): ``lepton.asset_id``, or
``lepton.`` and any column of assets.csv. No other tag is read: they may hold anything.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

from lepton_nb.client.cells import ASSET_ID, LONGEST_ID
from lepton_nb.client.words import did_you_mean, plain_letters, printable, quoted
from lepton_nb.importing.rest import Missing, Registry, Unusable

TAG = "lepton."
#: Aliases that say that a version is the one in use, the first that is there counts.
IN_USE = ("champion", "production", "prod", "live")
#: Names that Windows keeps for itself: no file may be called so.
KEPT_NAMES = re.compile(r"CON|PRN|AUX|NUL|COM\d|LPT\d")


@dataclass(frozen=True, kw_only=True)
class Version:
    """One version of a registered model."""

    number: int
    stage: str  # None, Staging, Production, Archived: MLflow's older way of saying what aliases say today
    aliases: tuple[str, ...]
    created: date
    run_id: str
    source: str  # where its files lie, as MLflow says it
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Run:
    """The run that a version came from; ``day``: on which it ended, else began (UTC)."""

    run_id: str
    name: str
    experiment_id: str
    day: date
    metrics: Mapping[str, float]
    params: Mapping[str, str]
    tags: Mapping[str, str]


@dataclass(frozen=True, kw_only=True)
class Entry:
    """A registered model as an asset. why: which version was taken, and by what its stage is known."""

    name: str
    asset_id: str
    versions: tuple[Version, ...]
    chosen: Version
    stage: str  # of the life cycle, as assets.csv says it
    why: str
    run: Run | None
    said: Mapping[str, str]  # the lepton. tags without that beginning

    @property
    def label(self) -> str:
        """The model's name on one line of at most 120 signs."""
        return printable(" ".join(self.name.split()), 119) or self.asset_id


def entries(registry: Registry, models: Iterable[str] = (), experiments: Iterable[str] = ()) -> tuple[Entry, ...]:
    """The registered models, by name. models, experiments: only these; none: all.

    A model belongs to the experiment of the run of its chosen version. Raises Unusable.
    """
    registered = {item["name"]: item for item in registry.registered_models()}
    if not registered:
        raise Unusable(
            f"{registry.uri} has no registered model. Runs alone are no assets: register a model there (in Python: "
            "mlflow.register_model), then import again."
        )
    wanted = tuple(dict.fromkeys(models)) or tuple(sorted(registered))
    for name in wanted:
        if name not in registered:
            near = did_you_mean(name, registered) or f"There are {', '.join(map(quoted, sorted(registered)[:20]))}."
            raise Unusable(f"{registry.uri} has no registered model {quoted(name)}. {near[0].upper()}{near[1:]}")
    ids = {registry.experiment(name) for name in experiments}
    versions: dict[str, list[Version]] = {}
    for item in registry.versions():
        if item.get("name") in wanted and item.get("status", "READY") == "READY":
            aliases = registered[item["name"]].get("aliases", ())
            versions.setdefault(item["name"], []).append(_version(item, aliases))
    taken: dict[str, str] = {}
    found = []
    for name in wanted:
        known = sorted(versions.get(name, ()), key=lambda version: version.number)
        if not known:
            continue
        chosen, stage, why = choose(known)
        run = run_of(registry, chosen.run_id)
        if ids and (run is None or run.experiment_id not in ids):
            continue
        said = _said(registered[name].get("tags", ())) | _said(chosen.tags.items())
        asset_id = _asset_id(name, said, taken)
        found.append(
            Entry(
                name=name,
                asset_id=asset_id,
                versions=tuple(known),
                chosen=chosen,
                stage=stage,
                why=why,
                run=run,
                said=said,
            )
        )
    if not found:
        where = " of these experiments" if ids else ""
        raise Unusable(f"{registry.uri} has no version of a registered model{where} that is ready.")
    return tuple(found)


def choose(versions: list[Version]) -> tuple[Version, str, str]:
    """The version that counts, the stage of the life cycle, and why; versions in order, the newest last."""
    for alias in IN_USE:
        for version in reversed(versions):
            if alias in map(str.lower, version.aliases):
                return version, "deployment", f"version {version.number} has the alias {alias}: in use"
    for version in reversed(versions):
        if version.stage == "Production":
            return version, "deployment", f"version {version.number} has the stage Production: in use"
    for version in reversed(versions):
        if version.stage != "Archived":
            what = f"the newest, stage {version.stage}" if version.stage == "Staging" else "the newest"
            why = f"version {version.number}, {what}: in development, for no version is marked as in use"
            return version, "algorithm_development", why
    return versions[-1], "retired", f"version {versions[-1].number}, the newest; all are archived: retired"


def asset_id(name: str) -> str:
    """A name as an id of the format: capital letters, digits and underscores, a letter first, a plain file name.

    >>> [asset_id(name) for name in ("credit-default v2", "../../etc/passwd", "7days", "模型", "con")]
    ['CREDIT_DEFAULT_V2', 'ETC_PASSWD', 'M_7DAYS', 'MODEL', 'M_CON']
    """
    text = re.sub(r"[^A-Z0-9]+", "_", plain_letters(name).upper()).strip("_")[:LONGEST_ID].strip("_") or "MODEL"
    if not ASSET_ID.fullmatch(text) or KEPT_NAMES.fullmatch(text):
        text = f"M_{text}"[:LONGEST_ID].strip("_")
    return text


def _asset_id(name: str, said: Mapping[str, str], taken: dict[str, str]) -> str:
    """The id of a model: as its tag says, else made of its name, with a number where another model has it."""
    given = said.get("asset_id")
    if given is not None and (not ASSET_ID.fullmatch(given) or KEPT_NAMES.fullmatch(given)):
        raise Unusable(
            f"{quoted(name)}: the tag {TAG}asset_id is {quoted(given)}; an id is a capital letter, then A-Z, 0-9 and _."
        )
    if given in taken:
        raise Unusable(
            f"{quoted(name)} and {quoted(taken[given])}: both get the id {given}. Give one of them another, in the tag "
            f"{TAG}asset_id."
        )
    base = made = given or asset_id(name)
    number = 1
    while made in taken:
        number += 1
        made = f"{base[: LONGEST_ID - len(str(number)) - 1]}_{number}"
    taken[made] = name
    return made


def _said(tags: Iterable[Any]) -> dict[str, str]:
    pairs = ((tag["key"], tag.get("value", "")) if isinstance(tag, Mapping) else tag for tag in tags)
    return {key.removeprefix(TAG): value.strip() for key, value in pairs if key.startswith(TAG) and value.strip()}


def _version(item: Mapping[str, Any], aliases: Iterable[Mapping[str, Any]]) -> Version:
    number = int(item["version"])
    own = {str(alias["alias"]) for alias in aliases if int(alias["version"]) == number}
    return Version(
        number=number,
        stage=item.get("current_stage") or "None",
        aliases=tuple(sorted(own | set(item.get("aliases", ())))),
        created=_day(item.get("creation_timestamp", 0)),
        run_id=item.get("run_id", ""),
        source=item.get("source", ""),
        tags={tag["key"]: tag.get("value", "") for tag in item.get("tags", ())},
    )


def run_of(registry: Registry, run_id: str) -> Run | None:
    """The run of that id; None: there is none, or it was deleted for good."""
    if not run_id:
        return None
    try:
        found = registry.run(run_id)
    except Missing:
        return None
    info, data = found["info"], found.get("data", {})
    return Run(
        run_id=run_id,
        name=printable(info.get("run_name", "") or run_id, 80),
        experiment_id=str(info.get("experiment_id", "")),
        day=_day(info.get("end_time") or info.get("start_time") or 0),
        metrics={item["key"]: float(item["value"]) for item in data.get("metrics", ()) if "value" in item},
        params={item["key"]: item.get("value", "") for item in data.get("params", ())},
        tags={item["key"]: item.get("value", "") for item in data.get("tags", ())},
    )


def _day(milliseconds: Any) -> date:
    return datetime.fromtimestamp(int(milliseconds) / 1000, UTC).date()
