"""Functions of one number over one another: the Activations and Losses pages."""
