"""Customers and invoices in and out as CSV: read with suspicion, planned before anything is written, all or nothing."""
