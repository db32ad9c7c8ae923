"""The catalogue of losses: one module an entry, found by the loader."""

from core.spec import Loss, load_catalogue

LOSSES = load_catalogue(__name__, __path__, Loss)
