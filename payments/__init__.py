"""Till moves money: pay links, begin and settle, the ledger, reconciliation, gateways. Never words, HTTP or texts."""
