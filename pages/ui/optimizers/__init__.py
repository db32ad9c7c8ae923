"""The parts of the Optimizers page."""
