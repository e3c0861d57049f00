"""What is taken for granted of each family's products; a file registers by being there."""
