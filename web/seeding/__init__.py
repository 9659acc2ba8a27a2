"""Made-up merchants, customers and invoices, of any size: for the demo, for trying things out, for measuring. The same
seed gives the same rows; secrets are always new. Refuses to touch a database that has them already."""

from web.seeding.crowd import Size
from web.seeding.members import SeededMember, enrol
from web.seeding.sowing import SeededMerchant, sow

__all__ = ["SeededMember", "SeededMerchant", "Size", "enrol", "sow"]
