"""What the tests know of each venue: one module a venue, read by the contract tests and by the simulators'.

SPEC, CURRENT    a key to be made; a report of a key that exists
SCENARIOS        one `Scenario` for each operation the adapter offers
UNKNOWN          (operation, old, new): the first reply with `new` for `old` holds a permission nobody knows
SECRETS          (operation, path): where the first reply holds the new secret
EMPTY_LISTS      bodies that are a true answer of `list_keys`: no keys
EMPTY_ANSWERS    operation -> bodies by which the venue confirms it and tells nothing
VECTOR_HEADERS   headers of signed requests that are compared byte for byte with another client's
agrees           compares a wire with another client's vector, where equal bytes are too much to ask
client_request   vector -> the request as its client orders and completes it, where that is not ours
client_pieces    vector -> {piece of the adapter's module: the client's own serialiser in its place}
FIRST            what its key page is given for the key an account begins with, where it does
TRADER, MANAGER  what the simulator's key page is given for a key that trades, and for one that manages
                 keys by API (None where the venue has none)
"""
