"""The HTTP door: extracts and Data Docs. Who may come in is decided by the server it is mounted in."""
