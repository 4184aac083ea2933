"""Keep the lake small and readable: compaction, expiry, leftovers; and make a raw table anew from landing."""
