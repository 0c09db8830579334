"""What single people are told: who like them was decided otherwise, what would turn the decision, the reasons."""
