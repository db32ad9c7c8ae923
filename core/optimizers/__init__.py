"""The catalogue of optimizers: one module an entry, found by the loader."""

from core.spec import Optimizer, load_catalogue

OPTIMIZERS = load_catalogue(__name__, __path__, Optimizer)
