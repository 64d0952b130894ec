"""Stress: the same runs made harder in many ways, and livelier daily life."""
