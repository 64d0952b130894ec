"""Fitted models on what a step record holds: speed, braking, how far ahead the foot lands.

Every function takes the values of one record in physical units (None where not measured) and the runner's settings
height_cm, mass_kg, sex ("M", "F" or None each). They answer None where an input they need was not measured.
"""


def speed_mps(cadence_spm, contact_ms, vo_cm, brake_raw_mps, impact_g, feature, ranges, height_cm, mass_kg, sex):
    """Running speed, m/s."""
    return None


def braking_mps(cadence_spm, contact_ms, vo_cm, brake_raw_mps, impact_g, feature, ranges, height_cm, mass_kg, sex):
    """Forward speed lost in each contact, m/s, positive."""
    return None


def heel_ahead_cm(cadence_spm, contact_ms, vo_cm, brake_raw_mps, impact_g, feature, ranges, height_cm, mass_kg, sex):
    """Heel ahead of the sacrum at initial contact, cm."""
    return None
