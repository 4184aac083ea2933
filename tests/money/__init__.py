"""Money adds up: what is published on both engines is, to the cent, what the producer's own account says it sent."""
