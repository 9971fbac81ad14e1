"""All that a chapter shows, each in one place and one form.

``words``: numbers as text (money, ranges, chances, shares, dates, plurals).
``render``: the only maker of HTML (tables, banners, key figures).
``charts``: drawings by name, from data to axes (waterfall, ranges, tornado, …).
``plots``: the one style, axes, and the way from a finished figure into a page.
Tables and drawings of one subject have a module of their own beside these (``value_tables``, ``classifiers``, …).
A chapter imports what it shows: ``from lepton_nb.page import charts, plots, render, words``.
"""
