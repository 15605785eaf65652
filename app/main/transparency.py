"""Moderation in numbers, by month, for everyone."""

from flask import abort, render_template

from ..decorators import readable
from ..models import MonthFigures
from ..models.fields import utcnow
from ..models.moderation.monthly_statistics import months, named
from .blueprint import main


@main.route("/log/transparency")
@readable
def transparency():
    return render_template("main/transparency.html", months=list(months()))


@main.route("/log/transparency/<month>")
@readable
def transparency_month(month):
    day = named(month)
    if day is None:
        abort(404)
    so_far = day == utcnow().date().replace(day=1)
    figures = MonthFigures.of(day)
    return render_template("main/month.html", month=day, figures=figures, so_far=so_far)
