"""From a trained network to a service: export, pruning, quantisation, timing, serving, load.

The server needs the extra ``serve``; nothing of it is imported before it is asked for.
"""
