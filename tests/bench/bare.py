"""What the turn is measured against: a Flask view that checks Twilio's signature and answers fixed TwiML."""

import os

from flask import Flask, Response, request
from twilio.request_validator import RequestValidator

app = Flask(__name__)
_validator = RequestValidator(os.environ["BENCH_TOKEN"])
_url = os.environ["TILL_BASE_URL"] + "/webhooks/twilio/sms"
_ANSWER = (
    '<?xml version="1.0" encoding="UTF-8"?><Response><Message>Acme: 3 invoices, $2,310.00 / 1 INV-1042 $1,284.50 due '
    "Jun 12 / 2 INV-1051 $640.00 due Jun 20 / 3 INV-1060 $385.50 due Jul 1 / Reply 1, 2, 3 or ALL</Message></Response>"
)


@app.post("/webhooks/twilio/sms")
def sms() -> Response:
    if not _validator.validate(_url, request.form, request.headers.get("X-Twilio-Signature", "")):
        return Response(status=403)
    return Response(_ANSWER, content_type="text/xml")
