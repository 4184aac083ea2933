"""What may be asked for, and whether it may: a request, its options and limits, checked before anything is begun."""
