"""What a recorded run says: thirds, sides, cue effects. Pure functions of a `Run`."""
