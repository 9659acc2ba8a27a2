"""The console: a merchant's own people behind a code and an authenticator. What a role may do stands in one table
(access.py); every row that is read or changed belongs to the member's own merchant, or does not exist."""

from flask import Blueprint, Flask

from web.console import (
    access,
    attesting,
    callouts,
    channels,
    connections,
    customer_edit,
    customers,
    doctor,
    doors,
    erasing,
    exporting,
    failures,
    importing,
    invoice_acts,
    invoice_edit,
    invoices,
    keys,
    messages,
    money_acts,
    needs,
    overview,
    people,
    phones,
    portal,
    reminders,
    retention,
    settings,
    templates,
    wording,
)

BLUEPRINTS: tuple[Blueprint, ...] = (
    doors.blueprint,
    overview.blueprint,
    needs.blueprint,
    invoices.blueprint,
    invoice_edit.blueprint,
    invoice_acts.blueprint,
    money_acts.blueprint,
    exporting.blueprint,
    importing.blueprint,
    portal.blueprint,
    customers.blueprint,
    customer_edit.blueprint,
    erasing.blueprint,
    messages.blueprint,
    reminders.blueprint,
    settings.blueprint,
    attesting.blueprint,
    retention.blueprint,
    templates.blueprint,
    keys.blueprint,
    people.blueprint,
    phones.blueprint,
    callouts.blueprint,
    connections.blueprint,
    channels.blueprint,
    doctor.blueprint,
    failures.blueprint,
)


def install(app: Flask) -> None:
    app.jinja_env.filters.update(wording.FILTERS)
    for blueprint in BLUEPRINTS:
        blueprint_guard(blueprint)
        app.register_blueprint(blueprint)


def blueprint_guard(blueprint: Blueprint) -> None:
    """Once per process: tests make several applications of the same blueprints."""
    if not blueprint.before_request_funcs:
        blueprint.before_request(access.guard)
        blueprint.after_request(access.expect_a_record)
