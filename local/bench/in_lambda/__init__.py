"""Programs for a fresh interpreter that has nothing but a built function, its layer and Lambda's runtime packages.

Run as `python -I -S program.py …`; never imported by the project.
"""
