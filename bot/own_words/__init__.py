"""A merchant's own words for the texts and emails that go out in its name: which, with what placeholders, judged before
they are kept and never trusted when they leave. Codes, confirmations of refusals and consents keep Till's words."""
