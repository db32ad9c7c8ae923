"""The Landscapes page: the mean loss of small models over their parameters."""
