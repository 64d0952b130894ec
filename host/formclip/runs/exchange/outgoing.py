"""The FIT file of a run: the watch's own with our fields where the two are merged, else one of the clip alone."""

from __future__ import annotations

from datetime import datetime

from formclip.runs.exchange.fit import CantExport, estimated, personal, to_fit
from formclip.runs.exchange.merge import with_watch
from formclip.runs.exchange.seconds import per_second
from formclip.runs.exchange.source import Source
from formclip.runs.insight.history import history
from formclip.runs.insight.load import length_of, lengths
from formclip.runs.store.store import Store
from formclip.runs.store.watch import watched


class NoDate(CantExport):
    """Nobody knows when the run was."""


def fit_of(store: Store, source: Source, at: datetime | None = None, estimate: bool = False) -> bytes:
    """The bytes of the file.

    at         when a run began of which nobody knows it
    estimate   speed and distance by the clip's estimate, on the scale of the distances that the record knows; the
               watch's file is then left out
    Errors     NoDate; CantExport for what else the file needs and nobody knows; those of reading a watch's file
    """
    of_watch = None if source.stored is None or estimate else watched(store).get(source.stored.key)
    if of_watch is not None:
        return with_watch(store, source.run, of_watch)
    started = source.started or at
    if started is None:
        raise NoDate(f"{source.name} has no date, which a FIT file needs", "say when the run began")
    seconds = per_second(source.run)
    own = source.log.settings().to_dict()
    distance = estimated(seconds, _scale(store, source)) if estimate else personal(seconds, own)
    return to_fit(source.run, started, distance)


def _scale(store: Store, source: Source) -> float:
    """By what the clip's estimate is multiplied: to the run's own distance if known, else as the other runs are off."""
    if source.stored is None:
        return 1.0
    entries = history(store).entries
    scale, found = lengths(entries)
    of_run = length_of(source.stored, entries, found)
    if of_run is None or not of_run[0].digest.distance_m:
        return scale
    return of_run[1].m / of_run[0].digest.distance_m
