"""Reminders that merchants start: planned in a dry run, pressed once, released when due and checked again until they
leave. What may never happen: twice, in quiet hours, without consent, after a refusal."""

from bot.reminders.campaigns import Progress, cancel, find, launch, pause, progress, recent, resume
from bot.reminders.planning import Plan, Row, Skipped, cadence_of, plan
from bot.reminders.selection import Selection

__all__ = [
    "Plan",
    "Progress",
    "Row",
    "Selection",
    "Skipped",
    "cadence_of",
    "cancel",
    "find",
    "launch",
    "pause",
    "plan",
    "progress",
    "recent",
    "resume",
]
