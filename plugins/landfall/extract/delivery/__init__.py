"""Where a customer wants extracts: under a key of the customer's own, in a bucket of the customer's own."""
