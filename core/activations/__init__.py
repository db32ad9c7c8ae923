"""The catalogue of activation functions: one module an entry, found by the loader."""

from core.spec import Activation, load_catalogue

ACTIVATIONS = load_catalogue(__name__, __path__, Activation)
