"""Explanations of a model's answers, and the checks that expose bad ones.

``maps``: which places of a picture speak for a class. ``map_checks``: what such maps are worth, measured. ``shares``:
what each column of a row adds to the answer. ``changes``: the smallest change that turns a decision. ``rows``: what that
costs and saves, as a client's files take it.
"""
