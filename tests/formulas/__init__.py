"""Hostile and harmless cells in every format that a spreadsheet opens, opened by LibreOffice: nothing runs."""
