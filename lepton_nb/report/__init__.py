"""The report factory: chapters are planned, executed by Papermill on Dask, kept, and published as a site.

``plan`` → ``run`` → ``publish``. This package never imports models or valuation: the notebooks do that work.
"""
