"""The Pairing page: one logit, and a mask of pixels."""
