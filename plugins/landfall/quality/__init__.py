"""Great Expectations at the borders: what enters, what is published, what leaves. It runs on the engines."""
