"""The files themselves: where they lie, what is in their cells, and whether they are what was asked for."""
