"""Ordinary days: one module per part of the company's life; each has run(world)."""
