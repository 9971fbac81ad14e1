"""Every figure and word of the value layer for the samples and some made clients, as they were: none moves unnoticed.

``python tests/test_value_kept.py`` shows what moved and keeps the new state in tests/kept/. A change that means to move
figures commits them, and its message says why; one that does not mean to has a fault.
"""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Iterator, Mapping
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from any_client import client_of, parts
from hypothesis import HealthCheck, Phase, given, seed, settings
from shown import everything, told

from lepton_nb import client as clients

ROOT = Path(__file__).resolve().parent.parent
KEPT = Path(__file__).resolve().parent / "kept"
SAMPLES = ("manufacturer", "bank", "retailer", "carrier", "clinic")
MADE = tuple(f"made_{number}" for number in range(1, 9))


def plain(found: Any) -> Any:
    """A result as JSON holds it, to ten digits; of many draws, mean and standard deviation."""
    if isinstance(found, np.ndarray) and found.size > 40:
        return {"mean": plain(found.mean()), "sd": plain(found.std())}
    if isinstance(found, np.ndarray):
        return plain(found.tolist())
    if isinstance(found, Mapping):
        return {str(key): plain(value) for key, value in found.items() if not callable(value)}
    if isinstance(found, tuple | list):
        return [plain(value) for value in found]
    if isinstance(found, frozenset | set):
        return sorted(map(str, found))
    if is_dataclass(found):
        names = [field.name for field in fields(found) if field.name not in ("plan", "inputs", "group", "right")]
        return plain({name: getattr(found, name) for name in names})
    if hasattr(found, "model_dump"):
        return plain(found.model_dump())
    if isinstance(found, bool | str) or found is None:
        return found
    if isinstance(found, int | float | np.number):
        return float(f"{float(found):.10g}")
    return str(found)


def leaves(found: Any, where: str = "") -> Iterator[tuple[str, Any]]:
    """(place, figure or words) of everything in a plain result."""
    if isinstance(found, dict | list):
        for key, value in found.items() if isinstance(found, dict) else enumerate(found):
            yield from leaves(value, f"{where} / {key}")
    else:
        yield where, found


def state(client) -> dict[str, Any]:
    return plain(everything(client, 1.0) | told(client))


def kept(name: str) -> dict[str, Any]:
    return json.loads((KEPT / f"{name}.json").read_text(encoding="utf-8"))


def client(name: str):
    return clients.load(ROOT / "clients" / name) if name in SAMPLES else client_of(kept(name)["client"])


def same(one: Any, other: Any) -> bool:
    if isinstance(one, float) and isinstance(other, float):
        return math.isclose(one, other, rel_tol=1e-6, abs_tol=1e-7) or (math.isnan(one) and math.isnan(other))
    return one == other


def moved(before: Mapping[str, Any], now: Mapping[str, Any]) -> list[str]:
    """Every place whose value is another one, came or went."""
    old, new = dict(leaves(before)), dict(leaves(now))
    places = dict.fromkeys([*old, *new])
    return [
        f"{place}: {old.get(place, 'absent')!r} → {new.get(place, 'absent')!r}"
        for place in places
        if place not in old or place not in new or not same(old[place], new[place])
    ]


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("name", [*SAMPLES, *MADE])
def test_no_figure_and_no_word_moves_unnoticed(name):
    found = moved(kept(name)["shown"], state(client(name)))
    assert not found, f"{len(found)} moved; python tests/test_value_kept.py shows them all:\n" + "\n".join(found[:20])


def drawn() -> list[dict[str, Any]]:
    """Parts of clients that differ most from one another in what they hold."""
    found: list[dict[str, Any]] = []

    @seed(20261129)
    @settings(
        max_examples=300,
        deadline=None,
        database=None,
        phases=[Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(parts(most=6))
    def collect(made):
        found.append(json.loads(json.dumps(made, default=str)))

    collect()
    chosen, seen = [], set()
    for _ in MADE:
        best = max(found, key=lambda made: len(traits(made) - seen))
        seen |= traits(best)
        chosen.append(best)
    return chosen


def traits(made: Mapping[str, Any]) -> set[tuple[str, str]]:
    """What kinds of things a client holds: every name and every word or yes or no that it gives."""
    return {
        (place.rpartition("/")[2], str(value)) for place, value in leaves(made) if isinstance(value, bool | str)
    } | {
        (place.rpartition("/")[2], "none" if value is None else "zero" if not value else "given")
        for place, value in leaves(made)
    }


def main() -> None:
    KEPT.mkdir(exist_ok=True)
    fresh = iter(drawn()) if any(not (KEPT / f"{name}.json").exists() for name in MADE) else iter(())
    for name in [*SAMPLES, *MADE]:
        file = KEPT / f"{name}.json"
        if not file.exists():
            made = {} if name in SAMPLES else {"client": next(fresh)}
            file.write_text(json.dumps(made | {"shown": {}}), encoding="utf-8")
        written, now = kept(name), json.loads(json.dumps(state(client(name))))
        changed = moved(written["shown"], now)
        print(f"{name}: {len(list(leaves(now)))} figures and words, {len(changed)} moved")
        print(*(f"  {line}" for line in (changed[:40] if written["shown"] else ())), sep="\n", end="")
        lines = [f"{json.dumps(key)}: {json.dumps(value, ensure_ascii=False)}" for key, value in now.items()]
        given = f'"client": {json.dumps(written["client"])},\n' if "client" in written else ""
        shown = ",\n".join(lines)
        file.write_text(f'{{{given}"shown": {{\n{shown}\n}}}}\n', encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
