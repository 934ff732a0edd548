"""From the bytes of a file to rows of strings with line numbers, or a refusal."""
