"""Make Great Expectations' pages stand alone: without the style sheets and scripts of other hosts that they name."""

from __future__ import annotations

import re

# A page of an audit must not tell other hosts that it is read, nor need them to be readable.
_FOREIGN = re.compile(
    r'<link rel="stylesheet"[^>]*href="https?://[^>]*>|<script[^>]*src="https?://[^>]*>\s*</script>|<footer>.*?</footer>',
    re.DOTALL,
)
_STYLE = """<style>
body { font: 14px/1.5 system-ui, sans-serif; margin: 1.5rem; color: #1f2933 }
table { border-collapse: collapse; width: 100% } td, th { padding: .25rem .6rem; border-bottom: 1px solid #d9e2ec }
h4, h5, .h6 { margin: 1rem 0 .3rem } ul, ol { padding-left: 1.2rem } p { margin: .2rem 0 }
nav.navbar img, .ge-navigation-sidebar-container { display: none }
.badge { font-family: monospace; background: #f0f4f8; padding: 0 .3rem } .fas::before { font-style: normal }
.fa-check-circle::before { content: "\\2713 "; color: #0b6e4f } .fa-times::before { content: "\\2717 "; color: #b42318 }
</style>
"""


def standing_alone(page: str) -> str:
    """Return the HTML `page` without anything loaded from elsewhere, and with a style of its own."""
    return _FOREIGN.sub("", page).replace("</head>", f"{_STYLE}</head>", 1)
