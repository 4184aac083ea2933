"""Tell customers how their extracts ended: a signed webhook, e-mail, and a topic for who listens inside AWS."""
