"""Lab: the clip's own code over recorded and simulated traces; how well it does, and what it costs."""
