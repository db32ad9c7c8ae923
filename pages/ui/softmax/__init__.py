"""The Softmax page: its controls, figures, sweeps and sections."""
