"""What is doubtful about a recording: gathered while it is read (survey), judged by a table of checks (table)."""

from formclip.lab.doubts.mend import Mended
from formclip.lab.doubts.survey import Survey
from formclip.lab.doubts.table import CHECKS, Correction, Doubt, correction_of, doubts_of
from formclip.lab.doubts.why import why_no_running

__all__ = ["CHECKS", "Correction", "Doubt", "Mended", "Survey", "correction_of", "doubts_of", "why_no_running"]
