"""What a run has to say: stages and their names, notes, the first cause of a nan, the story of its gradients."""
