"""Recipes for the trained files the product ships: the bilingual model, the translation table."""
