"""Ablation: each part of the signal chain is left out in turn, and what is left is scored."""
