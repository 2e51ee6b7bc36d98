"""Getting data sets: download, check, unpack, and say what is there and what is not."""
