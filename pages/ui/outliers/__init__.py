"""The outlier laboratory: what each loss fits to points on a line, and which points it heeds."""
