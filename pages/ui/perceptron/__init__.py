"""The Perceptron page: one unit, how it learns, what it cannot do, and why layers need a kink."""
