"""What is known of extracts: their records, whose turn it is, how they end, who did what."""
