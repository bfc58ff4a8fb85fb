"""The world without anybody's intentions."""
