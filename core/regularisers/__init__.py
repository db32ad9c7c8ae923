"""The catalogue of regularisers: one module an entry, found by the loader."""

from core.spec import Regulariser, load_catalogue

REGULARISERS = load_catalogue(__name__, __path__, Regulariser)
