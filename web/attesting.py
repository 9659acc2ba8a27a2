"""A merchant says that its invoices are its own: in which words, and what the trail keeps of it."""

from flask import render_template

from models.merchant import ATTESTATION, Merchant


def words(version: int = ATTESTATION) -> list[str]:
    """Sentence by sentence, as they were shown."""
    return render_template(f"web/own_invoices/{version}.txt").splitlines()


def facts(merchant: Merchant) -> dict[str, str]:
    return {"by": merchant.attested_by or "", "for": merchant.legal_name, "words": str(merchant.attested_version or "")}
