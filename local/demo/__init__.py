"""What the demo is made of: its people and their data (`teams`), a person's browser (`browser`), a picture (`png`)."""
