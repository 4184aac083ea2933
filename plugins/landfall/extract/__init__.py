"""Customer extracts: a request admitted at the door, unloaded by an engine, checked, and certified by a manifest."""
