"""Who may do what: one table over every route of the console. A route that is not in it is closed to everybody."""

from dataclasses import dataclass
from functools import cache

from models.member import Role


@dataclass(frozen=True, slots=True)
class Access:
    """`role` None: before signing in. `fresh`: only shortly after the authenticator's code. `records`: what succeeds
    here must be in the audit trail."""

    role: Role | None
    fresh: bool = False
    records: bool = True


OPEN = Access(None, records=False)
LOOK = Access(Role.VIEWER, records=False)
WORK = Access(Role.STAFF)
MONEY = Access(Role.STAFF, fresh=True)
"""Refunds, voids, exports."""
RULE = Access(Role.OWNER)
KEYS = Access(Role.OWNER, fresh=True)
"""Keys, members, where money and messages go."""

TABLE: dict[str, Access] = {
    "console.sign_in": OPEN,
    "console.ask": OPEN,
    "console.code": OPEN,
    "console.check_code": OPEN,
    "console.factor": OPEN,
    "console.check_factor": OPEN,
    "console.confirm": LOOK,
    "console.check_confirm": LOOK,
    "console.sign_out": Access(Role.VIEWER),
    "console_overview.show": LOOK,
    "console_invoices.index": LOOK,
    "console_invoices.show": LOOK,
    "console_invoice_edit.new": WORK,
    "console_invoice_edit.create": WORK,
    "console_invoice_edit.edit": WORK,
    "console_invoice_edit.save": WORK,
    "console_invoice_acts.issue": WORK,
    "console_invoice_acts.email": WORK,
    "console_invoice_acts.ask_void": MONEY,
    "console_invoice_acts.void": MONEY,
    "console_portal.show": LOOK,
    "console_portal.save_logo": RULE,
    "console_portal.remove_logo": RULE,
    "console_portal.preview": LOOK,
    "console_portal.walk": LOOK,
    "console_money.ask_refund": MONEY,
    "console_money.refund": MONEY,
    "console_money.ask_offline": WORK,
    "console_money.record_offline": WORK,
    "console_customers.index": LOOK,
    "console_customers.show": LOOK,
    "console_customer_edit.new": WORK,
    "console_customer_edit.create": WORK,
    "console_customer_edit.save": WORK,
    "console_customer_edit.add_address": WORK,
    "console_customer_edit.remove_address": WORK,
    "console_customer_edit.record_will": WORK,
    "console_customer_edit.switch_reminders": WORK,
    "console_customer_edit.resolve": WORK,
    "console_erasing.ask": KEYS,
    "console_erasing.erase": KEYS,
    "console_messages.index": LOOK,
    "console_messages.thread": LOOK,
    "console_messages.reply": WORK,
    "console_messages.take": WORK,
    "console_messages.hand_back": WORK,
    "console_reminders.index": LOOK,
    "console_reminders.plan": WORK,
    "console_reminders.send": WORK,
    "console_reminders.show": LOOK,
    "console_reminders.steer": WORK,
    "console_reminders.pause_all": WORK,
    "console_settings.index": LOOK,
    "console_settings.brand": RULE,
    "console_settings.save_brand": RULE,
    "console_settings.payments": RULE,
    "console_settings.save_payments": KEYS,
    "console_settings.cadence": RULE,
    "console_settings.save_cadence": RULE,
    "console_attesting.show": RULE,
    "console_attesting.save": KEYS,
    "console_retention.show": RULE,
    "console_retention.save": KEYS,
    "console_phones.index": KEYS,
    "console_phones.add": KEYS,
    "console_phones.confirm": KEYS,
    "console_phones.remove": KEYS,
    "console_phones.again": KEYS,
    "console_templates.index": RULE,
    "console_templates.show": RULE,
    "console_templates.check": Access(Role.OWNER, records=False),
    "console_templates.save": RULE,
    "console_templates.reset": RULE,
    "console_keys.index": KEYS,
    "console_keys.create": KEYS,
    "console_keys.ask_revoke": KEYS,
    "console_keys.revoke": KEYS,
    "console_people.index": KEYS,
    "console_people.invite": KEYS,
    "console_people.show": KEYS,
    "console_people.change": KEYS,
    "console_people.trail": RULE,
    "console_callouts.index": KEYS,
    "console_callouts.add": KEYS,
    "console_callouts.show": KEYS,
    "console_callouts.change": KEYS,
    "console_callouts.replay": RULE,
    "console_connections.index": RULE,
    "console_connections.run": Access(Role.OWNER, records=False),
    "console_channels.show": KEYS,
    "console_channels.save": KEYS,
    "console_channels.draw": KEYS,
    "console_channels.ask_draw": KEYS,
    "console_doctor.show": LOOK,
    "console_needs.index": LOOK,
    "console_needs.close": WORK,
    "console_needs.apply_credit": WORK,
    "console_failures.index": LOOK,
    "console_failures.settle_job": WORK,
    "console_failures.settle": WORK,
    "console_exporting.ask": MONEY,
    "console_exporting.download": MONEY,
    "console_importing.index": WORK,
    "console_importing.take": WORK,
    "console_importing.show": WORK,
    "console_importing.press": WORK,
}


@cache
def open_to(role: Role) -> frozenset[str]:
    """The routes that a role may use."""
    return frozenset(name for name, access in TABLE.items() if access.role is not None and role.covers(access.role))
