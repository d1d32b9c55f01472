"""Scripts for the interpreter of `.tools`, where SAM CLI and MiniStack live; never imported by the project."""
