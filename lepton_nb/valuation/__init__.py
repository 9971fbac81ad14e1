"""What an AI asset is worth: numbers in, a frozen result or a number out.

Nothing here reads a file, draws a picture or knows a client. Modules:
``cashflows`` (discounting), ``approaches`` (cost, market, income), ``performance`` (metrics to money),
``uncertainty`` (Monte Carlo, sensitivity), ``options`` (flexibility), ``decisions`` (value of information,
portfolios), ``data_value`` (Shapley), ``scoring`` (judgements), ``economics`` (speed and cost),
``accounting`` (IAS 38, IAS 36).

Conventions: rates are fractions; cash flows are signed, money out is negative; costs given as costs are
positive money out; ``cashflows`` takes the flow at t = 0 first. What is undefined is an exception with a
sentence (``Undefined`` and its subclasses in ``cashflows``), never None, NaN or infinity.
"""
