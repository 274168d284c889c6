"""One module per log format. Each knows the text of its device and nothing about the story."""
