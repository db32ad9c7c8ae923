"""Tests: the catalogue's mathematics, the pages, and the app as it is hosted."""
