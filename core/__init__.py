"""The mathematics of the explorer: NumPy and SciPy's special functions, nothing else."""
