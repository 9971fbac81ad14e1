"""The model file of a version: ONNX or Keras, never a pickle, and never run."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml

from lepton_nb.client.case_cells import HOW_TO_EXPORT
from lepton_nb.client.files import MEGABYTE, size_of
from lepton_nb.client.words import printable
from lepton_nb.importing.entries import Entry
from lepton_nb.importing.rest import Missing, Registry, Unusable

DESCRIPTION = "MLmodel"  # the file beside a model that says of which kinds it is
#: Kinds that are read, with the ending of their file.
READ = {"onnx": ".onnx", "keras": ".keras"}
#: Kinds whose files are pickles, or hold code that is run when they are opened.
PICKLED = (
    "sklearn",
    "pytorch",
    "pyfunc",
    "python_function",
    "statsmodels",
    "prophet",
    "pmdarima",
    "spacy",
    "langchain",
)


def fetch(registry: Registry, entry: Entry, folder: Path) -> Path:
    """Write the model file of an entry's version into ``folder`` under the asset's id, as one file.

    Raises Unusable for a model that is not read: it is a pickle, of another kind, too large, not what it says.
    """
    flavours = _flavours(registry, entry, folder)
    kind = next((name for name in READ if name in flavours), None)
    if kind is None:
        others = [name for name in flavours if name != "python_function"] or list(flavours)
        names = printable(", ".join(others), 80) or "no kind"
        pickle = any(name in PICKLED for name in others)
        what = "a pickle, which runs any code when it is opened" if pickle else "not read here"
        raise Unusable(f"its model is of the kind {names}: {what}; {HOW_TO_EXPORT}.")
    about = flavours[kind] if isinstance(flavours[kind], dict) else {}
    path = str(about.get("data") or "")
    if kind == "keras":
        path = f"{path}/model.keras"
    if not path.endswith(READ[kind]):
        raise Unusable(f"its model is of the kind {kind}, and no {READ[kind]} file; {HOW_TO_EXPORT}.")
    target = folder / f"{entry.asset_id}{READ[kind]}"
    _file(registry, entry, path, target, size_of(target.name))
    if kind == "onnx":
        _as_one(registry, entry, target, path.rpartition("/")[0])
    _judge(target)
    return target


def _flavours(registry: Registry, entry: Entry, folder: Path) -> Mapping[str, Any]:
    """What the description beside the model says of its kinds, the settings of each as texts."""
    target = folder / f"{entry.asset_id}.{DESCRIPTION}"
    try:
        _ask(registry, entry, DESCRIPTION, target, MEGABYTE)
        # texts only: no tag makes an object
        found = yaml.load(target.read_text(encoding="utf-8"), getattr(yaml, "CBaseLoader", yaml.BaseLoader))
    except Missing:
        raise Unusable(
            f"version {entry.chosen.number} has no file {DESCRIPTION}: it was not logged as a model."
        ) from None
    except (yaml.YAMLError, UnicodeDecodeError):
        raise Unusable(f"its file {DESCRIPTION} cannot be read; log the model again.") from None
    finally:
        target.unlink(missing_ok=True)
    flavours = found.get("flavors") if isinstance(found, dict) else None
    return flavours if isinstance(flavours, dict) else {}


def _ask(registry: Registry, entry: Entry, path: str, target: Path, most: int) -> None:
    """Ask for a file of a version; where it was registered as ``runs:/RUN/FOLDER``, among the artifacts of that run."""
    if of_run := re.fullmatch(r"runs:/+([^/]+)/(.+)", entry.chosen.source):
        registry.run_file(of_run[1], f"{of_run[2].rstrip('/')}/{path}", target, most)
    else:
        registry.model_file(entry.name, entry.chosen.number, path, target, most)


def _file(registry: Registry, entry: Entry, path: str, target: Path, most: int) -> None:
    try:
        _ask(registry, entry, path, target, most)
    except Missing:
        raise Unusable(f"its file {printable(path, 80)} is not there; log the model again.") from None


def _as_one(registry: Registry, entry: Entry, target: Path, folder: str) -> None:
    """Put weights that lie in files beside an ONNX model, as MLflow writes them, into the model itself."""
    import onnx
    from onnx import external_data_helper

    try:
        model = onnx.load(str(target), load_external_data=False)
    except Exception:  # damaged files make the parser raise almost anything; _judge says so
        return
    places = {
        item.value for tensor in model.graph.initializer for item in tensor.external_data if item.key == "location"
    }
    if not places:
        return
    most = size_of(target.name)
    weights = target.with_name(f"{target.stem}.weights")
    weights.mkdir()
    try:
        for place in sorted(places):
            if not place or "/" in place or "\\" in place or ":" in place or place.startswith("."):
                raise Unusable(
                    "its weights lie in a file outside its own folder; log it again with save_as_external_data=False."
                )
            _file(registry, entry, f"{folder}/{place}".lstrip("/"), weights / place, most)
        if sum(file.stat().st_size for file in (target, *weights.iterdir())) > most:
            raise Unusable(f"its model has more than {most // MEGABYTE} MB, the most that is read.")
        try:
            external_data_helper.load_external_data_for_model(model, str(weights))
            onnx.save(model, str(target), save_as_external_data=False)
        except (ValueError, OSError, onnx.checker.ValidationError):
            raise Unusable("its weights do not fit its model; log it again with save_as_external_data=False.") from None
    finally:
        for file in weights.iterdir():
            file.unlink()
        weights.rmdir()


def _judge(target: Path) -> None:
    """Whether a model file is what its name says. Raises Unusable."""
    from lepton_nb.client import case_models

    try:
        case_models.opened(target)
    except case_models.Wrong as stop:
        raise Unusable(f"its model file {stop.found}; {stop.remedy}.") from None
