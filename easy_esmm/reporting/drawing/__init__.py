"""Self-contained pages with charts: HTML and inline SVG.

Our own code, since matplotlib draws pictures that follow neither the light and dark mode nor the
width of a page, and plotly embeds 4 MB of JavaScript in each of them.
"""
