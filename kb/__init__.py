"""What we know: articles, their index and search, and the pure ground (redaction, signatures) every layer stands on."""
