"""How well the model predicts rows that it has not seen."""
