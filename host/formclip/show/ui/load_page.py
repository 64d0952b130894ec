"""Load: a run much longer than those of late first, then weeks, and why there is no ratio."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta

from starlette.requests import Request
from starlette.responses import Response

from formclip.ground.metrics import Metric
from formclip.ground.text import clock
from formclip.runs.insight.load import load
from formclip.show.report.charts import over_days
from formclip.show.ui.looks import Looks, address_of, desk_of

_WEEKS = 16
_KM = Metric("distance_km", "Distance of each week", "km", 1, 1)


def show(request: Request, looks: Looks) -> Response:
    found = desk_of(request).once("load", lambda runs: load(runs, date.today()))
    run_in = [i for i, week in enumerate(found.weeks) if week.runs]
    weeks = found.weeks[max(0, run_in[-1] + 2 - _WEEKS) : run_in[-1] + 2] if run_in else ()  # one more, if it is over
    over = date.today() - timedelta(days=6)
    known = [week for week in weeks if week.distance is not None and week.monday < over]
    points = [
        (
            datetime.combine(week.monday, time()),
            week.distance.m / 1000,
            (week.distance.high_m - week.distance.low_m) / 2000,
        )
        for week in known
        if week.distance is not None
    ]
    chart = over_days(
        "load-weeks",
        _KM,
        "One point a week that is over; the bar is the interval of what is estimated.",
        points,
        x_title="week from Monday",
        reads="of the week",
    )
    charts = [chart.to_dict()] if chart is not None else []
    since = weeks[0].monday if weeks else date.min
    return looks.page(
        request,
        "load.html",
        charts=charts,
        chart_list=charts,
        spikes=[(one, address_of(one.label)) for one in reversed(found.spikes) if one.told and one.day >= since],
        weeks=[(week, clock(week.running_s) if week.runs else "") for week in reversed(weeks)],
        facts=found.said,
    )
