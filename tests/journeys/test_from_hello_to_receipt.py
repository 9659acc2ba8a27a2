"""Alice texts Acme, proves who she is, and sees what she owes."""

from tests.support.world import ALICE, ALICE_EMAIL, World


def test_it_takes_alice_from_hello_to_a_pay_link(world: World) -> None:
    phone = world.phone(ALICE)

    phone.says("hi, what do I owe?")
    phone.hears("Acme: ", "email", "http://till.test/m/acme")

    phone.says("alice@example.com")
    phone.hears("if that email matches our records, a 6-digit code is on its way")

    phone.says(world.code_for(ALICE_EMAIL))
    phone.hears("3 invoices, $2,310.00", "1 INV-1042 $1,284.50 due Jun 12", "3 INV-1060 $385.50", "1, 2, 3 or ALL")

    phone.says("2")
    phone.hears("pay INV-1051, $640.00: http://till.test/p/")

    phone.says("ALL")
    phone.hears("pay 3 invoices, $2,310.00: http://till.test/p/")
