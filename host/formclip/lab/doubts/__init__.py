"""What is doubtful about a recording: gathered while it is read (survey), judged by a table of checks (table)."""

from formclip.lab.doubts.survey import Survey
from formclip.lab.doubts.table import CHECKS, Doubt, doubts_of

__all__ = ["CHECKS", "Doubt", "Survey", "doubts_of"]
