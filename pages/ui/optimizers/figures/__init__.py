"""The Optimizers page's figures: arrays in, traces and layouts out, no mathematics.

Traces take arrays with a leading axis of slider steps, so that the figure at rest and what
a slider moves are drawn by the same code.
"""
