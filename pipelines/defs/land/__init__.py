"""From inbox to accepted rows: partitions, the landing asset, its sensor and checks."""
