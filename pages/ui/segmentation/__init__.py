"""The Pairing page's second part: a mask, a soft prediction, and eight losses side by side."""
