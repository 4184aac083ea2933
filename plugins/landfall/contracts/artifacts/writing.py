"""What generated files have in common."""

NOTE = "Written by `landfall contracts generate` from contracts/streams/; change the contract instead."
