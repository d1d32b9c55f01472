"""The demo on the local stack: its `teams`, the `story` that shows the product, the `welcome` that ends `make run`.

`storyteller` makes, shows and judges each step of the story. `browser` and `png` are what a person would bring along: a
browser to connect TikTok with, and a picture.
"""
