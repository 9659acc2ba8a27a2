"""What the command line says about files and their lines."""

from bot.exchange import reading

WORDS = {
    "file_too_large": f"The file is larger than {reading.MOST_BYTES // 2**20} MB.",
    "file_empty": "The file has no header.",
    "file_not_csv": "This is no CSV file, or a quote in it never closes.",
    "file_encoding": "The file's text is in none of UTF-8, UTF-16 and Windows-1252.",
    "file_too_many_rows": f"More than {reading.MOST_ROWS:,} lines: split the file.",
    "file_too_many_columns": f"More than {reading.MOST_COLUMNS} columns.",
    "file_field_too_long": "A field is longer than 32 kB.",
    "file_header_repeats": "Two columns have the same name.",
    "file_unknown_columns": "These columns are those of no file we know: see the README, Import.",
    "file_has_errors": "Nothing was imported: mend these lines first.",
    "too_many_cells": "more cells than the header has",
    "missing": "is missing",
    "too_long": "is too long",
    "no_email": "is no email address",
    "no_phone": "is no phone number",
    "no_amount": "is no amount",
    "no_date": "is no date",
    "no_yes_or_no": "is neither yes nor no",
    "unknown_language": "is neither en nor es",
    "unknown_currency": "is no currency",
    "due_before_issue": "is before the day of issue",
    "repeated": "is in the file twice",
    "several_customers": "fits several customers on file: give their reference",
    "other_currency": "is not that of the invoice on file",
    "below_paid": "is no more than what has been paid",
}
