"""How well people find what they ask for: a fixed catalogue, hand-written queries with graded relevance, measures.

``python -m tests.quality`` (``make quality``) prints the table; test_quality.py holds the floors.
"""
