"""What is wrong with rows, files and packages, and which rows must wait for others."""
