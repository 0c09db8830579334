"""What each column adds to predictions: attributions over rows and case by case."""
