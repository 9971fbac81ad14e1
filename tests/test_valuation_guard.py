"""Whatever a function of ``lepton_nb.valuation`` is given, a number or a sentence comes back.

Every argument of a valid call of every public function is replaced, one at a time, by things that do not belong there:
wrong kinds, wrong containers, wrong sizes, numbers out of all proportion.
"""

from __future__ import annotations

import importlib
import inspect
import json
import math
import re

import numpy as np
import pytest
from valuation_examples import EXAMPLES

from lepton_nb.valuation import _base, _guard


class Odd:
    """A thing that no function knows, and that cannot even be shown."""

    def __repr__(self):
        raise RuntimeError("not to be shown")


WRONG = {
    "nothing": None,
    "text": "5",
    "empty text": "",
    "not a number": math.nan,
    "infinity": math.inf,
    "minus": -1.0,
    "zero": 0.0,
    "a huge whole number": 10**400,
    "huge": 1e308,
    "minus huge": -1e308,
    "tiny": 1e-308,
    "a billion": 10**9,
    "a flag": True,
    "an empty list": [],
    "a list": [1.0],
    "a list of text": ["a"],
    "a ragged list": [[1.0], [1.0, 2.0]],
    "a list of lists": [[1.0, 2.0], [3.0, 4.0]],
    "an empty mapping": {},
    "a mapping": {"a": 1.0},
    "a mapping of mappings": {"a": {"b": "c"}},
    "a set": {1.0},
    "a cube": np.ones((2, 2, 2)),
    "five dimensions": np.ones((1, 1, 1, 1, 1)),
    "a masked array": np.ma.masked_array([1.0, 2.0, 3.0], [0, 1, 0]),
    "complex": 1j,
    "a function": len,
    "a generator": (x for x in [1.0]),
    "odd": Odd(),
}
CALLS = [
    (module, name, argument)
    for module, functions in EXAMPLES.items()
    for name, given in functions.items()
    for argument in given
]
FOREIGN = (
    "unpack",
    "object is not",
    "index out of",
    "expected str",
    "shape mismatch",
    "broadcast",
    "argument",
    "operand",
)


def function(module: str, name: str):
    return getattr(importlib.import_module(f"lepton_nb.valuation.{module}"), name)


def test_every_public_function_has_an_example_of_all_its_arguments():
    for module, examples in EXAMPLES.items():
        found = importlib.import_module(f"lepton_nb.valuation.{module}")
        functions = {name for name in found.__all__ if inspect.isfunction(getattr(found, name))}
        assert functions == set(examples), module
        for name, given in examples.items():
            assert set(inspect.signature(getattr(found, name)).parameters) == set(given), name


@pytest.mark.parametrize(("module", "name"), [(m, n) for m, examples in EXAMPLES.items() for n in examples])
def test_results_are_finite_and_carry_their_inputs(module, name):
    result = function(module, name)(**EXAMPLES[module][name])
    assert _guard._is_finite(result)
    if isinstance(result, _base.Result):
        assert set(result.inputs) == set(EXAMPLES[module][name])
        assert json.loads(json.dumps(result.to_dict(), allow_nan=False))["inputs"] is not None


@pytest.mark.parametrize(("module", "name", "argument"), CALLS)
@pytest.mark.filterwarnings("error")
def test_what_does_not_belong_ends_in_a_number_or_a_sentence(module, name, argument):
    call = function(module, name)
    for what, wrong in WRONG.items():
        given = {**EXAMPLES[module][name], argument: wrong}
        if what == "a billion" and argument in ("draws", "n", "permutations", "samples", "paths", "seed"):
            continue  # allowed, or refused by its size, but slow where allowed
        try:
            result = call(**given)
        except KeyError:
            assert argument == "base"  # of the caller's own model
        except ValueError as problem:
            text = str(problem)
            assert re.match(r"[A-Z0-9]|[a-z]+[.\[ ]", text) or text.startswith(tuple(given)), text
            assert len(text) < 700, (what, text)
            assert not any(word in text for word in FOREIGN), (what, text)
        else:
            assert _guard._is_finite(result), (what, result)


OWN_NAMES = [
    ("options", "defer", {"value": -1.0}),
    ("options", "defer", {"cost": -1.0}),
    ("options", "abandon", {"salvage": -5.0}),
    ("options", "abandon", {"value": -5.0}),
    ("options", "expand", {"cost": -5.0}),
    ("options", "switch", {"value_now": -5.0}),
    ("options", "switch", {"volatility_other": -5.0}),
    ("options", "defer_one_period", {"value_down": -5.0}),
    ("accounting", "impairment", {"fair_value_less_costs": math.nan}),
    ("accounting", "amortise", {"year_end": "2025"}),
    ("accounting", "capitalise", {"criteria_met_on": "soon"}),
    ("cashflows", "xnpv", {"amounts": "1"}),
    ("cashflows", "xnpv", {"amounts": []}),
    ("cashflows", "xnpv", {"valuation_date": "soon"}),
    ("approaches", "contributory_charge", {"life_years": 0.0}),
    ("approaches", "relief_from_royalty", {"tab_years": -2.0}),
    ("approaches", "replacement_cost", {"opportunity_rate": -2.0}),
    ("approaches", "replacement_cost", {"direct_costs": -2.0}),
    ("performance", "expected_value_gain", {"baseline_counts": {"tp": -1, "fp": 0, "fn": 0, "tn": 0}}),
]


@pytest.mark.parametrize(("module", "name", "wrong"), OWN_NAMES)
def test_a_refusal_names_the_argument_as_the_caller_does(module, name, wrong):
    with pytest.raises(ValueError, match=next(iter(wrong))):
        function(module, name)(**{**EXAMPLES[module][name], **wrong})


NUMBERS = [
    (module, name, argument)
    for module, name, argument in CALLS
    if type(EXAMPLES[module][name][argument]) in (int, float)
]


@pytest.mark.parametrize(("module", "name", "argument"), NUMBERS)
def test_a_wrong_kind_of_number_is_refused_by_the_callers_name(module, name, argument):
    for wrong in ("5", [1.0, 2.0], math.nan, {}):
        if argument in ("rate", "correlations") and isinstance(wrong, list):
            continue
        with pytest.raises(ValueError, match=rf"^{argument}\b"):
            function(module, name)(**{**EXAMPLES[module][name], argument: wrong})
