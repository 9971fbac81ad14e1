"""Lepton NB: an executable book and report factory about AI models as company assets.

Importing the package costs nothing: no module is imported here, keras least of all.
"""

__version__ = "0.1.0"
