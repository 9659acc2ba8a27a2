"""Till remembers: the tables, the rules that need one record only, money, and migrations. Imports nothing above it."""

from models.audit import AuditEntry
from models.base import Base
from models.cadence import Cadence, CustomerCadence, Ways
from models.case import Case, CaseKind
from models.consent import Consent, ConsentAct, OptOut
from models.context import Context, Environment, Ports, Runtime, Site
from models.conversation import Conversation, ConversationState, Promise, Proof
from models.customer import Channel, ContactPoint, Customer
from models.customer_word import CustomerWord
from models.database import Database
from models.file_import import FileImport, ImportStatus
from models.idempotency import ApiAnswer, IdempotencyKey
from models.invoice import Invoice, InvoiceStatus
from models.ledger import Account, LedgerEntry
from models.limits import LimitCount
from models.logo import Logo
from models.member import ConsoleSession, Member, RecoveryCode, Role, SignIn
from models.merchant import ApiKey, CustomLanding, FeePayer, Merchant, MerchantStatus, Mode, Scope
from models.message import Direction, Failure, Message, MessageStatus, RemovedWhy, Route
from models.money import Money
from models.papers import Attachment, ContentType, InvoiceLine
from models.paylink import PayLink, PayLinkInvoice, PayLinkState
from models.payment import Allocation, Method, Payment, PaymentEvent, PaymentStatus
from models.received_mail import ReceivedMail
from models.received_text import ReceivedText
from models.reconciliation import Difference, DifferenceKind, Reconciliation
from models.refund import Dispute, DisputeKind, DisputeStatus, Refund, RefundStatus
from models.reminder import Campaign, CampaignSource, Reminder, ReminderLink, ReminderStatus, SkipReason
from models.retention import RetentionMark
from models.saved_account import SavedAccount
from models.sending_pause import Reach, SendingPause
from models.session import WebSession
from models.staff import StaffCommand
from models.template import TemplateVersion
from models.tenancy import bind
from models.terms import TermsAcceptance, TermsText
from models.verification import Verification, VerificationStatus
from models.walls import build
from models.webhook import DeliveryStatus, EventType, WebhookDelivery, WebhookEndpoint, WebhookEvent

bind(Base.metadata)
build(Base.metadata)

__all__ = [
    "Account",
    "Allocation",
    "ApiAnswer",
    "ApiKey",
    "Attachment",
    "AuditEntry",
    "Base",
    "Cadence",
    "Campaign",
    "CampaignSource",
    "Case",
    "CaseKind",
    "Channel",
    "Consent",
    "ConsentAct",
    "ConsoleSession",
    "ContactPoint",
    "ContentType",
    "Context",
    "Conversation",
    "ConversationState",
    "CustomLanding",
    "Customer",
    "CustomerCadence",
    "CustomerWord",
    "Database",
    "DeliveryStatus",
    "Difference",
    "DifferenceKind",
    "Direction",
    "Dispute",
    "DisputeKind",
    "DisputeStatus",
    "Environment",
    "EventType",
    "Failure",
    "FeePayer",
    "FileImport",
    "IdempotencyKey",
    "ImportStatus",
    "Invoice",
    "InvoiceLine",
    "InvoiceStatus",
    "LedgerEntry",
    "LimitCount",
    "Logo",
    "Member",
    "Merchant",
    "MerchantStatus",
    "Message",
    "MessageStatus",
    "Method",
    "Mode",
    "Money",
    "OptOut",
    "PayLink",
    "PayLinkInvoice",
    "PayLinkState",
    "Payment",
    "PaymentEvent",
    "PaymentStatus",
    "Ports",
    "Promise",
    "Proof",
    "Reach",
    "ReceivedMail",
    "ReceivedText",
    "Reconciliation",
    "RecoveryCode",
    "Refund",
    "RefundStatus",
    "Reminder",
    "ReminderLink",
    "ReminderStatus",
    "RemovedWhy",
    "RetentionMark",
    "Role",
    "Route",
    "Runtime",
    "SavedAccount",
    "Scope",
    "SendingPause",
    "SignIn",
    "Site",
    "SkipReason",
    "StaffCommand",
    "TemplateVersion",
    "TermsAcceptance",
    "TermsText",
    "Verification",
    "VerificationStatus",
    "Ways",
    "WebSession",
    "WebhookDelivery",
    "WebhookEndpoint",
    "WebhookEvent",
]
