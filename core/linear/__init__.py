"""Layers without an activation are one matrix; what bends between them is counted in regions."""
