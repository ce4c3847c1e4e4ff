"""
Compare an observation with a policy; the result is a list of findings.

Pure functions without a browser. May import ``policy``, ``http`` and the modules of ``audit`` that
hold observations; knows nothing of ``browser`` and ``formats``.
"""
