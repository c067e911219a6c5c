"""Measurements of the whole product and of what bounds it, taken in the same run. Never part of the product."""
