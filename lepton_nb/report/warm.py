"""Imported once by the process that publishing processes are forked from: what all of them need."""

from lepton_nb.report import publish

publish.warm_up()
