"""Generates the tables in docs/ between ``<!-- code:NAME -->`` and ``<!-- end -->`` from the code."""
